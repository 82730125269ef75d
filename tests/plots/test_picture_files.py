"""Figures with pictures: layout, bytes, resolution, and the files that they read."""

import hashlib
import itertools
import re
import runpy
import sys
from collections import Counter

import matplotlib as mpl
import numpy as np
import pypdfium2
import pytest
from picture_data import SHARDS, SIZE, VIEWS, notable_rows, placed, read_samples
from PIL import Image
from pipeline import PROJECT

from embedding_shift.errors import InputError
from embedding_shift.io import shards
from embedding_shift.plots import figures, style
from embedding_shift.plots.pictures import (
    attention_grid,
    attention_samples,
    augmentation_strip,
    notable_images,
    reading,
)

HUNDREDTH_INCH = 3  # pixels, at 300 per inch


def plot(monkeypatch, name, folder, output, **options):
    """Draw a figure as its rule does; return the bytes of the PDF and of the PNG."""
    files = {"manifest": "manifest.csv", "augmentations": "augmentations.csv", "metrics": "metrics.parquet"}
    files["notable_images"] = "notable_images.csv"
    paths = {key: folder / file for key, file in files.items()}
    paths |= {"views_folder": folder / "views", "attention_folder": folder / "attention"}
    arguments = figures.command_line(name, paths | {"shards": SHARDS} | options)
    pdf, png = output / "figure.pdf", output / "figure.png"
    monkeypatch.setattr(sys, "argv", ["plot.py", *arguments, "--output", str(pdf), str(png)])
    runpy.run_path(str(PROJECT / "scripts" / "plot.py"))["main"]()
    return pdf.read_bytes(), png.read_bytes()


def test_the_metadata_name_what_a_figure_was_drawn_from(dataset, monkeypatch, tmp_path):
    folder, _ = dataset(2)
    plot(monkeypatch, "augmentation_strip", folder, tmp_path, image="image0")
    with Image.open(tmp_path / "figure.png") as picture:
        found = dict(part.split(":") for part in picture.info["Source"].split())
    assert found["figure"] == "augmentation_strip"
    for key in ("manifest", "augmentations"):
        assert found[key] == hashlib.sha256((folder / f"{key}.csv").read_bytes()).hexdigest()
    assert {"code", "options"} <= set(found)
    with pypdfium2.PdfDocument(tmp_path / "figure.pdf") as document:
        assert document.get_metadata_value("Keywords") == picture.info["Source"]
    plot(monkeypatch, "augmentation_strip", folder, tmp_path, image="image1")
    with Image.open(tmp_path / "figure.png") as picture:
        other = dict(part.split(":") for part in picture.info["Source"].split())
    assert {key for key in found if found[key] != other[key]} == {"options"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options", "embedded"),
    [
        ("augmentation_strip", {"image": "image1"}, {SIZE: 3}),
        ("attention_samples", {"images": 5}, {SIZE: 2 * 4}),
        ("notable_images", {"page": 1, "pages": 1}, {SIZE: 2 * 8}),
        ("attention_grid", {"page": 1, "pages": 2}, {SIZE: 2 * 3, 112: 2 * 3}),
        ("attention_grid", {"page": 2, "pages": 2}, {}),
    ],
)
def test_figures_have_the_same_bytes_every_time(dataset, monkeypatch, tmp_path, name, options, embedded):
    folder, _ = dataset(2)
    notable_rows(folder)
    first = plot(monkeypatch, name, folder, tmp_path / "first", **options)
    second = plot(monkeypatch, name, folder, tmp_path / "second", **options)
    assert first == second
    widths = Counter(int(width) for width in re.findall(rb"/Subtype /Image /Width (\d+)", first[0]))
    assert {width: widths[width] for width in embedded} == embedded  # every picture by itself, at its own resolution


def test_pictures_are_embedded_at_no_more_than_print_resolution(dataset):
    augmentations, (sample,) = read_samples(*dataset(1))
    fine = np.zeros((1024, 1024, 3), np.uint8)
    (row,) = placed(augmentation_strip.strip(augmentations, dict.fromkeys(sample.views, fine)))
    assert {picture.shape for picture in row} == {(93, 93, 3)}


def test_only_shards_that_hold_a_shown_image_are_opened(dataset):
    folder, _ = dataset(3)
    needed = shards.shard_of("image1", SHARDS)
    for view, shard in itertools.product(VIEWS, set(range(SHARDS)) - {needed}):
        (folder / "views" / view / f"{shard:05d}.tar").unlink()
    views = reading.read_views(folder / "views", SHARDS, VIEWS, ["image1"])
    assert all(list(by_id) == ["image1"] for by_id in views.values())


def test_attention_that_lacks_an_image_is_an_error(dataset):
    folder, _ = dataset(2)
    with pytest.raises(InputError, match=r"no image 'image7' in .*original.npz"):
        reading.read_attention(folder / "attention", VIEWS, ["image7"])


@pytest.mark.parametrize(
    "labels",
    [
        ["Noise", "Blur", "Colour jitter", "Shift, scale, rotate", "Horizontal flip", "Perspective"],
        ["Brightness, contrast"],
        ["an_unlabelled_augmentation", "another_one_of_them"],
    ],
)
@pytest.mark.parametrize("heads", [0, 2])
def test_no_words_overlap_or_leave_the_page(dataset, labels, heads):
    folder, _ = dataset(1, heads)
    _, (sample,) = read_samples(folder, ["image0"])
    augmentations = [style.Augmentation(f"a{i}", label, "#882255") for i, label in enumerate(labels)]
    names = ["original", *(augmentation.name for augmentation in augmentations)]
    sample = reading.Sample(
        "a_rather_long_identifier_of_an_image_0001",
        dict.fromkeys(names, sample.views["noise"]),
        dict.fromkeys(names, sample.attention["noise"]),
        {"a0": -0.25},
    )

    def both(sample):
        row = {
            "image_id": sample.image_id,
            "cosine_similarity": -0.25,
            "attention_moved": 1.0 if heads else float("nan"),
        }
        return dict.fromkeys(("typical", "worst"), (sample, row))

    for figure in (
        augmentation_strip.strip(augmentations, sample.views),
        attention_samples.sample_rows(augmentations, [sample, sample]),
        attention_grid.grid(augmentations, [sample, sample], 2),
        attention_grid.grid(augmentations, [], 2),
        notable_images.sheet_of([(each, both(sample)) for each in augmentations]),
    ):
        figure.set_dpi(300)
        figure.draw_without_rendering()
        boxes = [text.get_window_extent() for text in figure.findobj(mpl.text.Text) if text.get_text()]
        boxes += [image.get_window_extent() for axes in figure.axes for image in axes.get_images()]
        for first, second in itertools.combinations(boxes, 2):
            shared = mpl.transforms.Bbox.intersection(first, second)
            assert shared is None or min(shared.width, shared.height) <= HUNDREDTH_INCH
        page = figure.bbox.padded(HUNDREDTH_INCH)
        assert all(page.contains(box.x0, box.y0) and page.contains(box.x1, box.y1) for box in boxes)
