"""What several test files share."""

import cv2
import pytest
from pipeline import PROJECT

from embedding_shift.io import shards, tables

pytest_plugins = ["fetching", "tiny_run"]


LONGEST_FILES = ("test_slurm", "test_faults")  # minutes each


def pytest_collection_modifyitems(items):
    """Put the slow files first, so that workers that run side by side end at about the same time."""
    items.sort(key=lambda item: (item.path.stem not in LONGEST_FILES, item.get_closest_marker("slow") is None))


@pytest.fixture(scope="session")
def kodak_views():
    """The 24 Kodak photographs at 224×224, with their checksums."""
    folder = PROJECT / "resources" / "kodak"
    views = []
    for row in tables.read_rows(folder / "manifest.csv"):
        pixels = cv2.resize(cv2.imread(str(folder / row["path"]))[..., ::-1], (224, 224))
        views.append(shards.View(row["image_id"], pixels, {"image_sha256": row["sha256"]}))
    return views
