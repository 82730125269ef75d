"""The kinds of datasets, all ending in the same listing: a folder, a CSV, a table of URLs, WebDataset shards."""

import glob
import gzip
import hashlib
from pathlib import Path

from braceexpand import UnbalancedBracesError, braceexpand

from embedding_shift.data import manifest, webdataset_shards
from embedding_shift.data.acquisition.content_store import content_path
from embedding_shift.data.acquisition.outcome import OK, REPEATED, SKIPPED
from embedding_shift.errors import InputError
from embedding_shift.io import tables

GZIP_MAGIC = b"\x1f\x8b"
MOST_SHARDS = 100_000


def read_url_table(path):
    """Return [(caption, URL)] of a table with one `caption<TAB>url` a line, in UTF-8, plain or gzipped.

    It is the format of Conceptual Captions. Quotes have no meaning in it.

    Raises:
        InputError: no such file, no rows, not UTF-8, damaged, or a line of another form.
    """
    try:
        opened = gzip.open if _starts_with(path, GZIP_MAGIC) else open
        with opened(path, "rt", encoding="utf-8-sig", newline="\n") as file:
            numbered = enumerate(tables.lines(file, path), start=1)
            rows = [_fields(line.rstrip("\r\n"), number, path) for number, line in numbered if line.strip()]
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder; a table of captions and URLs is needed") from None
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, gzip.zlib.error) as error:
        raise InputError(f"{path} cannot be read as a table in UTF-8: {error}") from None
    if not rows:
        raise InputError(f"{path} has no rows")
    return rows


def id_of_url(url):
    """Return the image id of a URL: a hash, so that it depends on nothing else."""
    return f"url-{hashlib.sha256(url.encode()).hexdigest()[:16]}"


def list_urls(path, acquisition, downloads):
    """Return a listing row for every distinct URL that was asked for, sorted by image id; failures carry their reason.

    Args:
        path: the table of captions and URLs.
        acquisition: the CSV that says what became of every row of it.
        downloads: the folder that holds the contents.

    Raises:
        InputError: the table and the acquisition do not belong together, or a caption is too long.
    """
    pairs, outcomes = read_url_table(path), tables.read_rows(acquisition)
    if [url for _, url in pairs] != [outcome["url"] for outcome in outcomes]:
        raise InputError(f"{acquisition} was not made from {path}; acquire the images again")
    rows = []
    for (caption, url), outcome in zip(pairs, outcomes, strict=True):
        if outcome["status"] in (SKIPPED, REPEATED):
            continue
        row = manifest.listing_row(id_of_url(url), "", downloads) | {"caption": caption, "source": url}
        if outcome["status"] == OK:
            row |= {"path": str(content_path(downloads, outcome["sha256"])), "sha256": outcome["sha256"]}
        else:
            row |= {"path": url, "reason": f"{outcome['status']}: {outcome['reason']}"}
        rows.append(row)
    return manifest.checked(rows, path)


def shards_of(path):
    """Return the shards that `path` means: [path or URL], in a fixed order.

    A folder means every `.tar` in it. Braces (`{00000..00012}`, `{a,b}`) work in paths and URLs, `*`, `?` and `[]` in
    paths.

    Raises:
        InputError: nothing is there, or the braces do not match.
    """
    if "#" in path:
        raise InputError(f"{path}: a shard's name must not hold a '#', which stands before the name of a member")
    try:
        expanded = []
        for shard in braceexpand(path):
            expanded.append(shard)
            if len(expanded) > MOST_SHARDS:
                raise InputError(f"{path} means more than {MOST_SHARDS} shards")
    except UnbalancedBracesError:
        raise InputError(f"{path}: the braces do not match") from None
    shards = []
    for shard in expanded:
        found = [shard] if is_url(shard) else _local_shards(shard)
        if not found:
            raise InputError(f"there is no shard {shard}")
        shards += found
    return list(dict.fromkeys(shards))


def is_url(shard):
    """Tell whether a shard has to be fetched first."""
    return shard.lower().startswith(("http://", "https://"))


def list_shards(path, acquisition, downloads):
    """Return a listing row for every image in WebDataset shards, sorted by image id.

    The id is the shard's name without its suffix, a `-`, and the image's name in the shard without its suffix.

    Args:
        path: as in `shards_of`.
        acquisition: the CSV that says what became of the shards' URLs; None where all are local.
        downloads: the folder that holds the fetched shards; None likewise.

    Raises:
        InputError: a shard could not be fetched or read, holds no image, or two images share an id.
    """
    fetched = {row["url"]: row for row in tables.read_rows(acquisition)} if acquisition else {}
    rows = []
    for shard in shards_of(path):
        file = _fetched(shard, fetched, downloads) if is_url(shard) else shard
        found = list(webdataset_shards.samples(file, manifest.IMAGE_SUFFIXES))
        if not found:
            raise InputError(f"no image in {shard}; known suffixes are {', '.join(sorted(manifest.IMAGE_SUFFIXES))}")
        name = shard.rpartition("/")[2].partition("?")[0].removesuffix(".tar")
        for stem, member, caption, source in found:
            row = manifest.listing_row(manifest.as_id(f"{name}/{stem}"), f"{shard}#{member}", file)
            texts = {"caption": _checked_caption(caption, f"{shard}#{member}"), "source": source or shard}
            if not all(map(manifest.is_utf_8, texts.values())):
                raise InputError(f"{shard}#{member}: its caption or URL holds half a character")
            rows.append(row | texts)
    return manifest.checked(rows, path)


def _starts_with(path, magic):
    with open(path, "rb") as file:
        return file.read(len(magic)) == magic


def _fields(line, number, path):
    fields = line.split("\t")
    if len(fields) != 2:
        raise InputError(f"{path}, line {number}: {len(fields)} fields; a caption, a tab and a URL are needed")
    caption, url = fields[0].strip(), fields[1].strip()
    return _checked_caption(caption, f"{path}, line {number}"), url


def _checked_caption(caption, where):
    if len(caption) > manifest.LONGEST_CAPTION:
        raise InputError(f"{where}: the caption is longer than {manifest.LONGEST_CAPTION} characters")
    return caption


def _local_shards(pattern):
    if Path(pattern).is_dir():
        return sorted(str(path) for path in Path(pattern).glob("*.tar"))
    if Path(pattern).is_file():
        return [pattern]
    return sorted(glob.glob(pattern))


def _fetched(shard, fetched, downloads):
    outcome = fetched.get(shard)
    if outcome is None:
        raise InputError(f"{shard} was not asked for; acquire the shards again")
    if outcome["status"] != OK:
        raise InputError(
            f"{shard} could not be fetched: {outcome['status']}, {outcome['reason']}; `--forcerun acquire_images` asks "
            "once more for what failed"
        )
    return str(content_path(downloads, outcome["sha256"]))
