"""Pinned datasets: exactly the given images with exactly the given contents."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from embedding_shift.data.manifest import IngestedImage
from embedding_shift.data.reject_reasons import SAME_PIXELS
from embedding_shift.errors import InputError
from embedding_shift.io import tables


def read(path: str | Path) -> dict[str, str]:
    """Return {image_id: sha256} of a CSV file with these two columns; every manifest is such a file.

    Raises:
        InputError: a column, the rows or a digest is missing, or an image occurs twice.
    """
    rows = tables.read_rows(path)
    if not rows:
        raise InputError(f"{path} has no rows")
    for column in ("image_id", "sha256"):
        if column not in rows[0]:
            raise InputError(f"{path} has no column {column!r}; its columns are {', '.join(map(str, rows[0]))}")
    pinned: dict[str, str] = {}
    for row in rows:
        image_id, sha256 = row["image_id"], (row["sha256"] or "").lower()
        if not sha256:
            raise InputError(f"{path}: image {image_id!r} has no SHA-256")
        if image_id in pinned:
            raise InputError(f"{path}: image {image_id!r} occurs twice")
        pinned[image_id] = sha256
    return pinned


def select(ingested: Iterable[IngestedImage], pinned: Mapping[str, str]) -> list[IngestedImage]:
    """Return the ingested images that are pinned, sorted by image id.

    Args:
        ingested: all images of the dataset, including rejected ones.
        pinned: {image_id: sha256}.

    Raises:
        InputError: images are missing, have changed or were rejected as duplicates; the message has one line for each
            of them.
    """
    by_id = {image.image_id: image for image in ingested}
    lines = []
    for image_id, sha256 in sorted(pinned.items()):
        image = by_id.get(image_id)
        if image is None:
            lines.append(f"missing: {image_id}: not in the dataset")
        elif image.reason.startswith(SAME_PIXELS):
            lines.append(f"repeated: {image_id}: {image.reason}; `duplicates: keep` uses both")
        elif image.reason:
            lines.append(f"missing: {image_id}: {image.reason}")
        elif image.sha256 != sha256:
            lines.append(f"changed: {image_id}: its SHA-256 is {image.sha256}, not {sha256}")
    if lines:
        counts = Counter(line.partition(":")[0] for line in lines)
        repeated = f", and {counts['repeated']} have the same pixels as another" if counts["repeated"] else ""
        raise InputError(
            f"of {len(pinned)} pinned images {counts['missing']} are missing and {counts['changed']} have changed"
            f"{repeated}\n" + "\n".join(lines)
        )
    return [by_id[image_id] for image_id in sorted(pinned)]
