"""Small image files, tables and tars, and the ingestion of a listing, for the tests of the data package."""

import io
import tarfile

import cv2
import numpy as np
from pipeline import PROJECT

from embedding_shift.data.ingestion import ingest

KODAK = PROJECT / "resources/kodak/images"


def photograph(number):
    """Return the bytes of a Kodak photograph."""
    return (KODAK / f"kodim{number:02d}.png").read_bytes()


def write_image(path, value=0, size=(6, 4)):
    """Write an image of one grey value and `size` (height, width)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((*size, 3), value, np.uint8))
    return path


def write_table(folder, text):
    """Write a CSV table."""
    table = folder / "images.csv"
    table.write_text(text, encoding="utf-8")
    return table


def write_tar(path, files, **options):
    """Write {name: bytes} as a tar."""
    with tarfile.open(path, "w", **options) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def ingested(listing, size=8, max_pixels=1000, **options):
    """Return the ingested images of a listing and their views, by image id."""
    pairs = list(ingest(listing.images, size, max_pixels, **options))
    return {image.image_id: image for image, _ in pairs}, {view.image_id: view for _, view in pairs if view is not None}
