"""Datasets of kind `tsv`: a table of captions and URLs, as Conceptual Captions publishes it."""

import gzip
import zlib
from pathlib import Path

from embedding_shift.data.acquisition.content_store import content_path
from embedding_shift.data.acquisition.outcome import OK, REPEATED, SKIPPED
from embedding_shift.data.image_ids import id_of_url
from embedding_shift.data.listing import ListedImage, Listing, checked, checked_caption, summarised
from embedding_shift.errors import InputError
from embedding_shift.io import tables

GZIP_MAGIC = b"\x1f\x8b"


def read(path: str | Path) -> list[tuple[str, str]]:
    """Return [(caption, URL)] of a table with one `caption<TAB>url` per line, in UTF-8, plain or gzipped.

    Quotes have no special meaning.

    Raises:
        InputError: the file does not exist, has no rows, is not UTF-8 or is damaged, or a line has another form.
    """
    try:
        opened = gzip.open if _starts_with(path, GZIP_MAGIC) else open
        with opened(path, "rt", encoding="utf-8-sig", newline="\n") as file:
            numbered = enumerate(tables.lines(file, path), start=1)
            rows = [_fields(line.rstrip("\r\n"), f"{path}, line {number}") for number, line in numbered if line.strip()]
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder; a table of captions and URLs is required") from None
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path} cannot be read as a table in UTF-8: {error}") from None
    if not rows:
        raise InputError(f"{path} has no rows")
    return rows


def list_images(path: str | Path, acquisition: str | Path, downloads: str | Path) -> Listing:
    """Return an image for every distinct URL that was requested; failures carry their reason.

    The other rows of the table, of repeated URLs and of URLs that were not needed, are summarised.

    Args:
        path: the table of captions and URLs.
        acquisition: the CSV file with the outcome of every row of the table (`acquisition.report`).
        downloads: the folder that holds the contents (`acquisition.content_store`).

    Raises:
        InputError: the CSV file was not made from this table.
    """
    pairs, outcomes = read(path), tables.read_rows(acquisition)
    if [url for _, url in pairs] != [outcome["url"] for outcome in outcomes]:
        raise InputError(f"{acquisition} was not made from {path}; acquire the images again")
    root, images, others = Path(downloads).as_posix(), [], []
    for (caption, url), outcome in zip(pairs, outcomes, strict=True):
        image_id, reason = id_of_url(url), f"{outcome['status']}: {outcome['reason']}"
        if outcome["status"] in (SKIPPED, REPEATED):
            others.append(reason)
        elif outcome["status"] == OK:
            file = str(content_path(downloads, outcome["sha256"]))
            images.append(ListedImage(image_id, file, root, outcome["sha256"], caption, url))
        else:
            images.append(ListedImage(image_id, url, root, caption=caption, source=url, reason=reason))
    return Listing(checked(images, path), summarised(others, path))


def _starts_with(path: str | Path, magic: bytes) -> bool:
    with open(path, "rb") as file:
        return file.read(len(magic)) == magic


def _fields(line: str, where: str) -> tuple[str, str]:
    fields = line.split("\t")
    if len(fields) != 2:
        raise InputError(f"{where}: {len(fields)} fields; a caption, a tab and a URL are required")
    return checked_caption(fields[0].strip(), where), fields[1].strip()
