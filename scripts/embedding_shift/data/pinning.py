"""Pinned datasets: exactly these images, with exactly these contents."""

from embedding_shift.errors import InputError
from embedding_shift.io import tables


def read(path):
    """Return {image_id: sha256} of a CSV with these columns; a manifest is one.

    Raises:
        InputError: a column is missing, there are no rows, a digest is missing, or an image stands twice.
    """
    rows = tables.read_rows(path)
    if not rows:
        raise InputError(f"{path} has no rows")
    for column in ("image_id", "sha256"):
        if column not in rows[0]:
            raise InputError(f"{path} has no column {column!r}; its columns are {', '.join(map(str, rows[0]))}")
    pinned = {}
    for row in rows:
        image_id, sha256 = row["image_id"], (row["sha256"] or "").lower()
        if not sha256:
            raise InputError(f"{path}: image {image_id!r} has no SHA-256")
        if image_id in pinned:
            raise InputError(f"{path}: image {image_id!r} stands twice")
        pinned[image_id] = sha256
    return pinned


def select(ingested, pinned):
    """Return the ingested rows that are pinned, sorted by image id.

    Args:
        ingested: ingested rows, rejects included.
        pinned: {image_id: sha256}.

    Raises:
        InputError: an image is missing or has another content; the message has a line for every such image.
    """
    by_id = {row["image_id"]: row for row in ingested}
    lines = []
    for image_id, sha256 in sorted(pinned.items()):
        row = by_id.get(image_id)
        if row is None:
            lines.append(f"missing: {image_id}: not in the dataset")
        elif row["reason"]:
            lines.append(f"missing: {image_id}: {row['reason']}")
        elif row["sha256"] != sha256:
            lines.append(f"changed: {image_id}: its SHA-256 is {row['sha256']}, not {sha256}")
    if lines:
        missing = sum(line.startswith("missing") for line in lines)
        raise InputError(
            f"of {len(pinned)} pinned images {missing} are missing and {len(lines) - missing} have changed\n"
            + "\n".join(lines)
        )
    return [by_id[image_id] for image_id in sorted(pinned)]
