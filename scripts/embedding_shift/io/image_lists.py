"""Read the ids of the images in a manifest, without the packages that data frames need."""

import csv
from pathlib import Path

LONGEST_FIELD = 1_000_000  # characters, such as those of a caption


def read_ids(manifest: str | Path) -> list[str]:
    """Return the ids of the images in a manifest of a run, in its order."""
    csv.field_size_limit(LONGEST_FIELD)
    with open(manifest, newline="", encoding="utf-8") as file:
        return [row["image_id"] for row in csv.DictReader(file)]
