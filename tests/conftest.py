"""What several test files share."""

from pathlib import Path

import cv2
import pytest

from embedding_shift import shards, tables

pytest_plugins = ["fetching", "tiny_run"]
PROJECT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def kodak_views():
    """The 24 Kodak photographs at 224×224, with their checksums."""
    folder = PROJECT / "resources" / "kodak"
    views = []
    for row in tables.read_rows(folder / "manifest.csv"):
        pixels = cv2.resize(cv2.imread(str(folder / row["path"]))[..., ::-1], (224, 224))
        views.append(shards.View(row["image_id"], pixels, {"image_sha256": row["sha256"]}))
    return views
