"""From a folder or a table of images to the manifest: which images are used, which are not, and why."""

import hashlib
import os
import re
from collections import Counter
from pathlib import Path

from embedding_shift import sampling
from embedding_shift.data import decoding, webdataset_shards
from embedding_shift.errors import InputError
from embedding_shift.io import shards, tables

LISTING_COLUMNS = ["image_id", "path", "root", "sha256", "caption", "source", "reason"]
MANIFEST_COLUMNS = ["image_id", "path", "sha256", "width", "height", "caption", "source"]
REJECT_COLUMNS = ["image_id", "path", "reason"]
INGESTED_COLUMNS = [*MANIFEST_COLUMNS, "reason"]
IMAGE_SUFFIXES = {".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"}
LONGEST_ID = 200
IMAGE_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_ID}}}")
LONGEST_CAPTION = 10_000


def list_folder(folder):
    """Return a listing row for every image file under `folder`, sorted by image id.

    Ids are as of `folder_ids`. A link to a folder is not followed, as it may lead anywhere; its row gives that reason.

    Raises:
        InputError: there is no such folder, no image in it, or a subfolder that cannot be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}")
    entries, links = _below(folder)
    files = [path for path in entries if path.suffix.lower() in IMAGE_SUFFIXES]
    if not files:
        raise InputError(f"no image in {folder}; known suffixes are {', '.join(sorted(IMAGE_SUFFIXES))}")
    reasons = dict.fromkeys(files, "") | dict.fromkeys(links, "a link to a folder is not followed")
    ids = folder_ids([path.relative_to(folder) for path in sorted(reasons)])
    rows = [listing_row(ids[path.relative_to(folder)], path, folder) | {"reason": reasons[path]} for path in reasons]
    return checked(rows, folder)


def _below(folder):
    """Return what is in a folder and its subfolders, and which of it are links to folders."""

    def fail(error):
        raise InputError(f"the folder {error.filename} cannot be read: {error.strerror}")

    entries, links = [], []
    for parent, subfolders, names in os.walk(folder, onerror=fail):
        # A folder that is named like an image is listed, too, and rejected when it is read.
        entries += [Path(parent, name) for name in (*names, *subfolders)]
        links += [Path(parent, name) for name in subfolders if os.path.islink(os.path.join(parent, name))]
    return entries, links


def folder_ids(names):
    """Return {path: image id} of paths inside a folder.

    The id is the path without its suffix, other characters than letters, digits, `_` and `-` replaced by `-`. The
    suffix is added where two files would share an id, and a part of a hash of the path where they would all the same,
    as with names in another script, or where the id would be too long.
    """
    ids = {}
    for make in (lambda name: as_id(name.with_suffix("")), as_id):
        proposed = {name: make(name) for name in names if name not in ids}
        counts = Counter([*proposed.values(), *ids.values()])
        ids |= {name: own for name, own in proposed.items() if counts[own] == 1 and IMAGE_ID.fullmatch(own)}
    return {name: ids.get(name) or _hashed_id(name) for name in names}


def _hashed_id(name):
    return f"{as_id(name)[: LONGEST_ID - 17]}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}"


def list_table(path):
    """Return a listing row for every row of a CSV file with a column `path`, sorted by image id.

    Raises:
        InputError: no `path` column, no rows, an image id that is missing, malformed or used twice.
    """
    table = Path(path)
    rows = tables.read_rows(table)
    if not rows:
        raise InputError(f"{table} has no rows")
    if "path" not in rows[0]:
        raise InputError(f"{table} has no column 'path'; its columns are {', '.join(map(str, rows[0]))}")
    ids = folder_ids({_name(row) for row in rows if row["path"] and not row.get("image_id")})
    listed = []
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise InputError(f"{table}, line {number}: its number of fields is not that of the header")
        if len(row.get("caption", "")) > LONGEST_CAPTION:
            raise InputError(f"{table}, line {number}: the caption is longer than {LONGEST_CAPTION} characters")
        if not row["path"]:
            raise InputError(f"{table}, line {number}: the path is empty")
        image_id = row.get("image_id") or ids[_name(row)]
        details = {key: row.get(key, "") for key in ("sha256", "caption", "source")}
        details["sha256"] = details["sha256"].lower()
        listed.append(listing_row(image_id, table.parent / row["path"], table.parent) | details)
    return checked(listed, table)


def _name(row):
    path = Path(row["path"])
    return path if path.name else Path("_")  # "." and "/" have no name; that they are folders is found on reading.


def ingest(rows, size, max_pixels):
    """Decode and resize the listed images, one after the other.

    Args:
        rows: listing rows; one that has a `reason` already is passed on unopened.
        size: side of the views in pixels.
        max_pixels: larger images are rejected.

    Yields:
        (row, view): the row with `width`, `height`, `sha256` and `reason`; the view, or None where a reason is given.
    """
    for row in rows:
        row = dict(row, width="", height="")
        try:
            if row["reason"]:
                raise InputError(row["reason"])
            data = _read_inside(row["path"], row["root"])
            digest = hashlib.sha256(data).hexdigest()
            if row["sha256"] and row["sha256"] != digest:
                raise InputError(f"its SHA-256 is {digest}, not {row['sha256']}")
            pixels = decoding.decode(data, max_pixels)
        except InputError as error:
            yield row | {"reason": str(error)}, None
            continue
        height, width = pixels.shape[:2]
        row |= {"sha256": digest, "width": width, "height": height}
        yield row, shards.View(row["image_id"], decoding.resize(pixels, size), {"image_sha256": digest})


def select(ingested, n_images=None):
    """Split ingested rows into the manifest and the rejects, both sorted by image id.

    With `n_images`, the usable images are taken in the order of a hash of their ids, so that an image that appears
    or vanishes changes at most one other.

    Raises:
        InputError: no image is usable.
    """
    usable = [row for row in ingested if not row["reason"]]
    rejects = [row for row in ingested if row["reason"]]
    if not usable:
        first = min(rejects, key=lambda row: row["image_id"])
        raise InputError(f"none of {len(rejects)} images is usable; {first['path']}: {first['reason']}")
    usable.sort(key=lambda row: sampling.order_of_choice(row["image_id"]))
    chosen = usable[:n_images]
    return _by_id(chosen), _by_id(rejects)


def listing_row(image_id, path, root):
    """Return a listing row without details.

    Args:
        image_id: the image's id.
        path: its file; or, inside a tar, the shard's name and the member's, with a `#` between them.
        root: the folder that the file must lie in; or the tar.
    """
    details = dict.fromkeys(LISTING_COLUMNS, "")
    return details | {"image_id": image_id, "path": str(path), "root": Path(root).as_posix()}


def as_id(path):
    """Return `path` with other characters than letters, digits, `_` and `-` replaced by `-`."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", Path(path).as_posix())


def _by_id(rows):
    return sorted(rows, key=lambda row: row["image_id"])


def checked(rows, origin):
    """Return the listing rows sorted by image id.

    Raises:
        InputError: an id is malformed or stands twice, or a path is not UTF-8; `origin` names the source.
    """
    paths = {}
    for row in rows:
        image_id = row["image_id"]
        if not is_utf_8(row["path"]):
            raise InputError(f"{origin}: the file name {row['path']!r} is not UTF-8; rename the file")
        if not IMAGE_ID.fullmatch(image_id):
            raise InputError(f"{origin}: image id {image_id!r}; allowed are up to 200 letters, digits, '_' and '-'")
        if image_id in paths:
            raise InputError(f"{origin}: image id {image_id!r} stands twice, for {paths[image_id]} and {row['path']}")
        paths[image_id] = row["path"]
    return _by_id(rows)


def is_utf_8(text):
    """Whether a text can be written as UTF-8: names of files and texts in JSON can hold half characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_inside(path, root):
    if Path(root).is_file():
        return webdataset_shards.read(root, path.partition("#")[2])
    path, root = Path(path), Path(root).resolve()
    try:
        if not path.resolve().is_relative_to(root):
            raise InputError(f"the path leaves the dataset's folder {root.name}")
        if not path.is_dir() and not path.is_file():
            raise InputError("this is no plain file" if path.exists() else "there is no such file")
        if path.stat().st_size > webdataset_shards.LARGEST_FILE:
            raise InputError(
                f"the file has {path.stat().st_size} bytes; at most {webdataset_shards.LARGEST_FILE} are read"
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError("there is no such file") from None
    except IsADirectoryError:
        raise InputError("this is a folder") from None
    except PermissionError:
        raise InputError("no permission to read it") from None
    except OSError as error:
        raise InputError(f"it cannot be read: {error.strerror}") from None
    except (RuntimeError, ValueError) as error:  # Links in a circle; a character that no path can hold.
        raise InputError(f"this is no path: {error}") from None
