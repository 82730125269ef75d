"""The figure of notable images shows typical and worst images beside their views."""

import numpy as np
from picture_data import VIEWS, color_of, corner_color, draw_notable, notable_rows, placed, words

from embedding_shift.io import array_files
from embedding_shift.plots.pictures import attention


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
    assert not {"Typical image", "Worst image"} & set(words(figure)) and attention.NO_ATTENTION in words(figure)
    assert not any("moved" in text for text in words(figure))


def test_an_augmentation_without_similarities_has_no_pictures(dataset):
    folder, _ = dataset(2)
    frame = notable_rows(folder)
    figure = draw_notable(folder, frame[frame["augmentation"] == "noise"])
    assert len(placed(figure)) == 1 and "not defined" in words(figure)
