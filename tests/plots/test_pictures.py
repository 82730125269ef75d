"""The figures of views and attention show the right picture in the right place."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from picture_data import VIEWS, color_of, corner_color, placed, read_samples, words

from embedding_shift.errors import InputError
from embedding_shift.io import array_files, tables
from embedding_shift.plots.pictures import attention, attention_grid, attention_samples, augmentation_strip, reading


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
