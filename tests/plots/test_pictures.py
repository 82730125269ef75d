"""The figures that show pictures: right picture in the right place, on made-up shards small enough to know by heart."""

import itertools
import re
import runpy
import sys
from collections import Counter

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipeline import PROJECT

from embedding_shift.errors import InputError
from embedding_shift.io import array_files, shards, tables
from embedding_shift.plots import figures, style
from embedding_shift.plots.pictures import (
    attention,
    attention_grid,
    attention_samples,
    augmentation_strip,
    notable_images,
    reading,
)

AUGMENTATIONS = {"noise": ("Noise", "#882255"), "horizontal_flip": ("Horizontal flip", "#44AA99")}
VIEWS = ["original", *AUGMENTATIONS]
SHARDS = 3
SIZE = 64
HUNDREDTH_INCH = 3  # pixels, at 300 per inch


def color_of(image, view):
    """One colour for each view of each image, so that a picture in the wrong place shows."""
    return (10 + 20 * image, 10 + 80 * view, 200 - 20 * image)


@pytest.fixture
def dataset(tmp_path):
    """Return a function that writes a dataset of `count` plain images and returns (folder, image ids)."""

    def write(count, heads=2):
        image_ids = [f"image{number}" for number in range(count)]
        rows = [{"image_id": image_id} for image_id in reversed(image_ids)]
        tables.write_rows(tmp_path / "manifest.csv", ["image_id"], rows)
        rows = [{"augmentation": n, "label": text, "color": color} for n, (text, color) in AUGMENTATIONS.items()]
        tables.write_rows(tmp_path / "augmentations.csv", ["augmentation", "label", "color"], rows)
        for (v, view), shard in itertools.product(enumerate(VIEWS), range(SHARDS)):
            here = [i for i in range(count) if shards.shard_of(image_ids[i], SHARDS) == shard]
            filled = [np.full((SIZE, SIZE, 3), color_of(i, v), np.uint8) for i in here]
            content = [shards.View(image_ids[i], pixels) for i, pixels in zip(here, filled, strict=True)]
            shards.write(tmp_path / "views" / view / f"{shard:05d}.tar", content)
        for v, view in enumerate(VIEWS):
            attention = np.random.default_rng(v).random((count, heads, 4, 4), np.float32)
            array_files.write(tmp_path / "attention" / f"{view}.npz", image_ids, attention=attention)
        values = [
            (image_id, augmentation, metric, (i + 1) / 10 + a / 100 + (metric == "l2_distance"))
            for i, image_id in enumerate(image_ids)
            for a, augmentation in enumerate(AUGMENTATIONS)
            for metric in ("l2_distance", "cosine_similarity")
        ]
        columns = ["image_id", "augmentation", "metric", "value"]
        tables.write_parquet(tmp_path / "metrics.parquet", pd.DataFrame(values, columns=columns))
        return tmp_path, image_ids

    return write


def read_samples(folder, image_ids):
    style.apply()
    return style.read_augmentations(folder / "augmentations.csv"), reading.samples(
        image_ids,
        reading.read_views(folder / "views", SHARDS, VIEWS, image_ids),
        reading.read_attention(folder / "attention", VIEWS, image_ids),
        reading.cosine_of(tables.read_parquet([folder / "metrics.parquet"]), image_ids),
    )


def placed(figure):
    """Return the pictures of a figure as rows from the top, each a list of arrays from the left."""
    images = [image for image in figure.axes[0].get_images() if image.get_array().ndim == 3]
    images.sort(key=lambda image: (round(image.get_extent()[3], 3), image.get_extent()[0]))
    by_row = itertools.groupby(images, key=lambda image: round(image.get_extent()[3], 3))
    return [[np.asarray(image.get_array()) for image in row] for _, row in by_row]


def corner_color(mean):
    """Return the RGB colour, 0 to 255, of the first cell of a map (rows, cols)."""
    return 255 * np.array(mpl.colormaps["viridis"]((mean[0, 0] - mean.min()) / np.ptp(mean))[:3])


def words(figure):
    return [text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text()]


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


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@given(st.integers(1, 200), st.integers(1, 60))
def test_images_are_spread_evenly_and_never_repeat(number, count):
    chosen = reading.evenly_spread(range(number), count)
    assert len(chosen) == min(number, count)
    assert chosen == sorted(set(chosen))
    steps = np.diff(chosen)
    assert len(steps) == 0 or max(steps) - min(steps) <= 1
    assert abs(chosen[0] - (number - 1 - chosen[-1])) <= 1  # as far from the start as from the end


@given(st.integers(1, 200), st.integers(1, 20))
def test_pages_split_the_chosen_images_and_fill_early_pages_first(number, pages):
    image_ids = [f"{i:03d}" for i in range(number)]
    split = [attention_grid.page_of(image_ids, page, pages) for page in range(1, pages + 1)]
    assert list(itertools.chain(*split)) == reading.evenly_spread(image_ids, 7 * pages)
    lengths = [len(page) for page in split]
    assert lengths == sorted(lengths, reverse=True)
    assert sum(length not in (0, 7) for length in lengths) <= 1


@pytest.mark.parametrize("page", [0, 4])
def test_a_page_beyond_the_configured_ones_is_refused(page):
    with pytest.raises(InputError, match=f"no page {page}; the pages are 1 to 3"):
        attention_grid.page_of(["a", "b"], page, 3)


def test_strip_shows_the_views_of_one_image_in_order(dataset):
    folder, image_ids = dataset(3)
    augmentations, (_, second, _) = read_samples(folder, image_ids)
    figure = augmentation_strip.strip(augmentations, second.views)
    (row,) = placed(figure)
    assert [tuple(picture[5, 5]) for picture in row] == [color_of(1, view) for view in range(3)]
    assert [text.replace("\n", " ") for text in words(figure)] == ["Original", "Noise", "Horizontal flip"]


def test_strip_image_is_the_first_of_the_manifest_or_the_one_asked_for(dataset):
    folder, _ = dataset(3)
    assert augmentation_strip.chosen_image(folder / "manifest.csv") == "image0"
    assert augmentation_strip.chosen_image(folder / "manifest.csv", "image2") == "image2"
    with pytest.raises(InputError, match=r"figures.strip_image: no image 'cat' among the 3 of .*'image0' to 'image2'"):
        augmentation_strip.chosen_image(folder / "manifest.csv", "cat")


def test_samples_show_each_image_with_its_overlays_and_similarities(dataset):
    folder, image_ids = dataset(2)
    augmentations, chosen = read_samples(folder, image_ids)
    figure = attention_samples.sample_rows(augmentations, chosen)
    rows = placed(figure)
    assert [len(row) for row in rows] == [4, 4]
    stored = {view: array_files.read(folder / "attention" / f"{view}.npz")["attention"] for view in VIEWS}
    for image, row in enumerate(rows):
        assert tuple(row[0][5, 5]) == color_of(image, 0)
        for view, picture in enumerate(row[1:]):
            mean = stored[VIEWS[view]][image].mean(axis=0)
            grey = np.dot(color_of(image, view), (0.299, 0.587, 0.114))
            expected = 0.55 * corner_color(mean) + 0.45 * grey
            np.testing.assert_allclose(picture[1, 1], expected, atol=3)  # the corner is not interpolated
    numbers = [text for text in words(figure) if re.fullmatch(r"\d\.\d{3}", text)]
    assert numbers == ["0.100", "0.110", "0.200", "0.210"]


def test_similarity_that_is_not_defined_is_named_so(dataset):
    folder, image_ids = dataset(1)
    table = tables.read_parquet([folder / "metrics.parquet"])
    tables.write_parquet(folder / "metrics.parquet", table[table["augmentation"] != "noise"])
    shown = words(attention_samples.sample_rows(*read_samples(folder, image_ids)))
    assert shown.count("not defined") == 1
    assert "0.110" in shown


def test_grid_puts_every_attention_map_under_its_view(dataset):
    folder, image_ids = dataset(3)
    augmentations, chosen = read_samples(folder, image_ids)
    figure = attention_grid.grid(augmentations, chosen, 3)
    rows = placed(figure)
    assert len(rows) == 6
    for image in range(3):
        views, maps = rows[2 * image], rows[2 * image + 1]
        assert [tuple(picture[5, 5]) for picture in views] == [color_of(image, view) for view in range(3)]
        for view, picture in enumerate(maps):
            mean = array_files.read(folder / "attention" / f"{VIEWS[view]}.npz")["attention"][image].mean(axis=0)
            np.testing.assert_allclose(picture[1, 1], corner_color(mean), atol=3)
    assert [text for text in words(figure) if text in image_ids] == image_ids


def notable_rows(folder, worst="image1", moved=0.25):
    """Write notable_images.csv: the first image is typical, and `worst` the worst, under every augmentation."""
    rows = [
        (name, role, image_id, 2, 0.5 - place / 4, 1.0, 0.9, moved)
        for name in AUGMENTATIONS
        for place, (role, image_id) in enumerate([("typical", "image0"), ("worst", worst)])
        if image_id
    ]
    columns = ["augmentation", "role", "image_id", "images", *"abc", "attention_moved"]
    frame = pd.DataFrame(rows, columns=columns).rename(columns={"a": "cosine_similarity"})
    tables.write_csv(folder / "notable_images.csv", frame)
    return frame


def draw_notable(folder, frame, page=1, pages=1):
    style.apply()
    shown = style.read_augmentations(folder / "augmentations.csv")
    return notable_images.draw(frame, shown, folder / "views", folder / "attention", SHARDS, page, pages)


def test_notable_images_stand_beside_their_views_and_attention(dataset):
    folder, _ = dataset(2)
    figure = draw_notable(folder, notable_rows(folder))
    rows = placed(figure)
    assert [len(row) for row in rows] == [8, 8]
    for number, row in enumerate(rows):
        pixels = [tuple(row[place][5, 5]) for place in (0, 1, 4, 5)]
        assert pixels == [color_of(image, view) for image in (0, 1) for view in (0, 1 + number)]
        for place, image, view in ((2, 0, 0), (3, 0, 1 + number), (6, 1, 0), (7, 1, 1 + number)):
            mean = array_files.read(folder / "attention" / f"{VIEWS[view]}.npz")["attention"][image].mean(axis=0)
            grey = np.dot(color_of(image, view), (0.299, 0.587, 0.114))
            np.testing.assert_allclose(row[place][1, 1], 0.55 * corner_color(mean) + 0.45 * grey, atol=3)
    shown = words(figure)
    assert shown.count("image0 · cosine similarity 0.500 · 25 % of attention moved") == 2
    assert shown.count("image1 · cosine similarity 0.250 · 25 % of attention moved") == 2


def test_notable_images_have_pages(dataset):
    folder, _ = dataset(2)
    frame = notable_rows(folder)
    for page, name in enumerate(["Noise", "Horizontal"], start=1):
        figure = draw_notable(folder, frame, page, 2)
        assert len(placed(figure)) == 1 and any(text.startswith(name) for text in words(figure))


def test_the_only_image_is_typical_and_without_attention_the_pictures_stand_alone(dataset):
    folder, _ = dataset(1, heads=0)
    figure = draw_notable(folder, notable_rows(folder, worst=None, moved=float("nan")))
    assert [len(row) for row in placed(figure)] == [4]  # narrow rows stand side by side
    assert "Worst image" not in words(figure) and attention.NO_ATTENTION in words(figure)
    assert not any("moved" in text for text in words(figure))


def test_an_augmentation_without_similarities_has_no_pictures(dataset):
    folder, _ = dataset(2)
    frame = notable_rows(folder)
    figure = draw_notable(folder, frame[frame["augmentation"] == "noise"])
    assert len(placed(figure)) == 1 and "not defined" in words(figure)


@pytest.mark.parametrize(("number", "said"), [(1, "The only image"), (9, "All 9 images")])
def test_surplus_page_says_that_there_are_no_further_images(dataset, number, said):
    augmentations, _ = read_samples(*dataset(1))
    (sentence,) = words(attention_grid.grid(augmentations, [], number))
    assert sentence == f"There are no further images. {said} of the dataset can be seen on the pages before."


def test_encoder_without_attention_shows_the_pictures_alone_and_says_so(dataset):
    folder, image_ids = dataset(2, heads=0)
    augmentations, chosen = read_samples(folder, image_ids)
    for figure in (attention_samples.sample_rows(augmentations, chosen), attention_grid.grid(augmentations, chosen, 2)):
        shown = [[tuple(picture[5, 5]) for picture in row] for row in placed(figure)]
        assert shown == [[color_of(image, view) for view in range(3)] for image in range(2)]
        assert attention.NO_ATTENTION in words(figure)
        assert not any("attention" in text for text in words(figure) if text != attention.NO_ATTENTION)


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
