"""Figures that show pictures, of made-up shards small enough to know by heart."""

import itertools

import matplotlib as mpl
import numpy as np
import pandas as pd

from embedding_shift.io import array_files, shards, tables
from embedding_shift.io.values_by_metric import LongTable
from embedding_shift.plots import style
from embedding_shift.plots.pictures import notable_images, reading

AUGMENTATIONS = {"noise": ("Noise", "#882255"), "horizontal_flip": ("Horizontal flip", "#44AA99")}
VIEWS = ["original", *AUGMENTATIONS]
SHARDS = 3
SIZE = 64


def color_of(image, view):
    """One colour for each view of each image, so that a picture in the wrong place shows."""
    return (10 + 20 * image, 10 + 80 * view, 200 - 20 * image)


def write_dataset(folder, count, heads=2):
    """Write a dataset of `count` plain images; return (folder, image ids)."""
    image_ids = [f"image{number}" for number in range(count)]
    rows = [{"image_id": image_id} for image_id in reversed(image_ids)]
    tables.write_rows(folder / "manifest.csv", ["image_id"], rows)
    rows = [{"augmentation": n, "label": text, "color": color} for n, (text, color) in AUGMENTATIONS.items()]
    tables.write_rows(folder / "augmentations.csv", ["augmentation", "label", "color"], rows)
    for (v, view), shard in itertools.product(enumerate(VIEWS), range(SHARDS)):
        here = [i for i in range(count) if shards.shard_of(image_ids[i], SHARDS) == shard]
        filled = [np.full((SIZE, SIZE, 3), color_of(i, v), np.uint8) for i in here]
        content = [shards.View(image_ids[i], pixels) for i, pixels in zip(here, filled, strict=True)]
        shards.write(folder / "views" / view / f"{shard:05d}.tar", content)
    for v, view in enumerate(VIEWS):
        attention = np.random.default_rng(v).random((count, heads, 4, 4), np.float32)
        array_files.write(folder / "attention" / f"{view}.npz", image_ids, attention=attention)
    values = [
        (image_id, augmentation, metric, (i + 1) / 10 + a / 100 + (metric == "l2_distance"))
        for i, image_id in enumerate(image_ids)
        for a, augmentation in enumerate(AUGMENTATIONS)
        for metric in ("l2_distance", "cosine_similarity")
    ]
    columns = ["image_id", "augmentation", "metric", "value"]
    tables.write_parquet(folder / "metrics.parquet", pd.DataFrame(values, columns=columns))
    return folder, image_ids


def read_samples(folder, image_ids):
    style.apply()
    return style.read_augmentations(folder / "augmentations.csv"), reading.samples(
        image_ids,
        reading.read_views(folder / "views", SHARDS, VIEWS, image_ids),
        reading.read_attention(folder / "attention", VIEWS, image_ids),
        reading.cosine_of(LongTable(folder / "metrics.parquet"), image_ids),
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
