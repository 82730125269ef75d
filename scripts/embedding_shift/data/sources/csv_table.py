"""Datasets of kind `csv`: a table with a column `path` and, optionally, `image_id`, `sha256`, `caption`, `source`."""

from pathlib import Path

from embedding_shift.data.image_ids import unique_ids
from embedding_shift.data.listing import ListedImage, checked, checked_caption
from embedding_shift.errors import InputError
from embedding_shift.io import tables


def list_images(path: str | Path) -> list[ListedImage]:
    """Return an entry for every row of the table, sorted by image id. Paths are relative to the table's folder.

    Raises:
        InputError: the table has no column `path`, a column twice or no rows, a row is malformed, or an image id is
            malformed or occurs twice.
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
            )
        )
    return checked(images, table)


def _relative_path(row: dict[str, str]) -> Path:
    path = Path(row["path"])
    return path if path.name else Path("_")  # "." and "/" have no name. They are rejected as folders when read.
