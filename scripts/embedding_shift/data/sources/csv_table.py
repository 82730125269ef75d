"""Datasets of kind `csv`: a table with a column `path`.

Optional columns are `image_id`, `sha256`, `caption`, `source` and `label`.
"""

import os
import re
from pathlib import Path, PurePath

from embedding_shift.data.file_names import IMAGE_SUFFIXES
from embedding_shift.data.image_ids import unique_ids
from embedding_shift.data.listing import ListedImage, Listing, checked, checked_caption
from embedding_shift.errors import InputError
from embedding_shift.io import tables

LINE_BREAK = re.compile(r"\r\n|\r|\n")


def list_images(path: str | Path) -> Listing:
    """Return an image for every row of the table. Paths are relative to the table's folder.

    Raises:
        InputError: the table has no column `path`, a column twice or no rows, a row is malformed or contains another
            row, or an image id is malformed or occurs twice.
    """
    table = Path(path)
    numbered = tables.read_numbered_rows(table)
    rows = [row for _, row in numbered]
    if not rows:
        raise InputError(f"{table} has no rows")
    if "path" not in rows[0]:
        raise InputError(f"{table} has no column 'path'; its columns are {', '.join(map(str, rows[0]))}")
    ids = unique_ids({_relative_path(row) for row in rows if row["path"] and not row.get("image_id")})
    images = []
    for number, row in numbered:
        line = f"{table}, line {number}"
        if None in row or None in row.values():
            raise InputError(f"{line}: the number of fields differs from that of the header")
        if (swallowed := _swallowed_line(row, table.parent)) is not None:
            raise InputError(
                f"{line}: a field in quotes extends over several lines, of which line {number + swallowed} reads as a "
                "row of its own; close or delete the quote"
            )
        if not row["path"]:
            raise InputError(f"{line}: the path is empty")
        images.append(
            ListedImage(
                image_id=row.get("image_id") or ids[_relative_path(row)],
                path=str(table.parent / row["path"]),
                root=table.parent.as_posix(),
                sha256=row.get("sha256", "").lower(),
                caption=checked_caption(row.get("caption", ""), line),
                source=row.get("source", ""),
                label=row.get("label", "").strip(),
            )
        )
    return Listing(checked(images, table), [])


def _swallowed_line(row: dict[str, str], folder: Path) -> int | None:
    """Return the line, from 0, of a row over several lines that reads as a row of its own; None if there is none.

    A stray quote that a later one happens to close makes one row of several, and the table is still CSV. In a swallowed
    row, the name of an image stands in the place of the path. Captions with line breaks do not have such lines, even if
    they contain commas and names of files: a space follows a comma in a text.
    """
    if not any(LINE_BREAK.search(value) for value in row.values()):
        return None
    columns = list(row)
    place = columns.index("path")
    own = sum(len(LINE_BREAK.findall(row[column])) for column in columns[:place])
    for number, line in enumerate(LINE_BREAK.split(",".join(row.values()))):
        fields = line.split(",")
        is_text = any(field.startswith(" ") for field in fields[1 : place + 2])
        if number != own and len(fields) >= len(columns) and not is_text and _names_image(fields[place], folder):
            return number
    return None


def _names_image(text: str, folder: Path) -> bool:
    return bool(text) and (PurePath(text).suffix.lower() in IMAGE_SUFFIXES or os.path.isfile(folder / text))


def _relative_path(row: dict[str, str]) -> Path:
    path = Path(row["path"])
    return path if path.name else Path("_")  # "." and "/" have no name. They are rejected as folders when read.
