"""Reading, decoding and resizing the listed images."""

import hashlib
import sys

import icc_profiles
import numpy as np
import pytest
import variants_of_jpeg
from image_files import ingested, write_image, write_table
from PIL import Image

from embedding_shift.data import manifest
from embedding_shift.data.ingestion import ingest
from embedding_shift.data.sources import csv_table, folder


def reason_of(table):
    (image,), views = map(dict.values, ingested(csv_table.list_images(table)))
    assert not views
    return image.reason


def test_a_usable_image_is_measured_and_resized(tmp_path):
    data = write_image(tmp_path / "a.png", 9, size=(6, 4)).read_bytes()
    rows, views = ingested(folder.list_images(tmp_path))
    assert (rows["a"].width, rows["a"].height, rows["a"].reason) == (4, 6, "")
    assert rows["a"].sha256 == hashlib.sha256(data).hexdigest() == views["a"].record["image_sha256"]
    assert np.array_equal(views["a"].pixels, np.full((8, 8, 3), 9, np.uint8))


def test_conversions_are_recorded(tmp_path):
    write_image(tmp_path / "a.png", 9)
    (tmp_path / "b.jpg").write_bytes(variants_of_jpeg.rgb(icc_profile=icc_profiles.rgb_profile(icc_profiles.ADOBE_RGB)))
    Image.new("LA", (4, 4), (0, 9)).save(tmp_path / "c.png")
    images, _ = ingested(folder.list_images(tmp_path), max_pixels=10_000)
    assert {name: image.converted for name, image in images.items()} == {
        "a": "",
        "b": "ICC profile a test to sRGB",
        "c": "transparency blended with white",
    }


def test_several_threads_ingest_the_same_in_the_same_order(tmp_path, monkeypatch):
    """Also images that are too large for Pillow's own limit, which concerns all threads."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    usual = sys.getswitchinterval()
    for number in range(100):
        write_image(tmp_path / f"{number:03}.jpg", number, size=(100, 100))
    (tmp_path / "005.jpg").write_bytes(b"no image")
    images = folder.list_images(tmp_path).images
    alone = list(ingest(images, 8, 10_000))
    sys.setswitchinterval(1e-6)  # Threads interrupt each other as often as possible.
    try:
        together = list(ingest(images, 8, 10_000, threads=4))
    finally:
        sys.setswitchinterval(usual)
    assert [image for image, _ in together] == [image for image, _ in alone]
    assert [image.image_id for image, view in together if view is None] == ["005"]
    for (_, one), (_, other) in zip(alone, together, strict=True):
        assert (one is None and other is None) or (
            one.record == other.record and np.array_equal(one.pixels, other.pixels)
        )
    assert Image.MAX_IMAGE_PIXELS == 10


def test_a_missing_file_is_rejected(tmp_path):
    assert reason_of(write_table(tmp_path, "path\nabsent.png\n")) == "there is no such file"


@pytest.mark.parametrize("path", ["../secret.png", "/etc/hostname", "inner/../../secret.png"])
def test_a_path_that_leaves_the_folder_is_rejected(tmp_path, path):
    write_image(tmp_path / "secret.png")
    (tmp_path / "data/inner").mkdir(parents=True)
    table = write_table(tmp_path / "data", f"image_id,path\na,{path}\n")
    assert reason_of(table) == "the path leaves the dataset's folder data"


@pytest.mark.parametrize("path", ["x" * 300 + ".png", "a.png/b.png", "nul\0.png"])
def test_an_impossible_path_is_rejected(tmp_path, path):
    write_image(tmp_path / "a.png")
    assert reason_of(write_table(tmp_path, f"image_id,path\na,{path}\n"))


def test_a_wrong_checksum_is_rejected_and_both_are_named(tmp_path):
    digest = hashlib.sha256(write_image(tmp_path / "a.png").read_bytes()).hexdigest()
    table = write_table(tmp_path, f"path,sha256\na.png,{'0' * 64}\n")
    assert reason_of(table) == f"its SHA-256 is {digest}, not {'0' * 64}"


def test_checksums_may_be_written_in_capitals(tmp_path):
    digest = hashlib.sha256(write_image(tmp_path / "a.png").read_bytes()).hexdigest()
    rows, views = ingested(csv_table.list_images(write_table(tmp_path, f"path,sha256\na.png,{digest.upper()}\n")))
    assert set(views) == {"a"}
    assert rows["a"].sha256 == digest


def test_unusable_images_are_rejected_and_the_others_are_used(tmp_path):
    good = write_image(tmp_path / "good.png", size=(30, 30)).read_bytes()
    (tmp_path / "cut.png").write_bytes(good[:-30])
    (tmp_path / "text.jpg").write_text("only words")
    (tmp_path / "empty.png").touch()
    write_image(tmp_path / "large.png", size=(40, 40))
    rows, views = ingested(folder.list_images(tmp_path))
    chosen, rejects = manifest.select(rows.values())
    assert [row.image_id for row in chosen] == list(views) == ["good"]
    reasons = {row.image_id: row.reason for row in rejects}
    assert list(reasons) == ["cut", "empty", "large", "text"]
    assert reasons["cut"].startswith("damaged image: ")
    assert reasons["text"] == "not an image in a known format"
    assert reasons["empty"] == "the file is empty"
    assert reasons["large"] == "40×40 pixels; at most 1000 pixels are allowed"
