"""The figures that show the pictures themselves: the views, and where the encoder looks in them."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import matplotlib.pyplot as plt

from embedding_shift.errors import InputError
from embedding_shift.io import array_files, shards, tables
from embedding_shift.metrics import representation_metrics
from embedding_shift.plots import style
from embedding_shift.plots.pictures.sheet import Sheet

IMAGES_PER_PAGE = 7
SMALL_CELL = 0.53  # inches: eleven of them fill the width of the text
STRIP_CELL = 0.6  # ten of them fill it
OVERLAY_SHARE = 0.55  # of the attention's colour; the rest is the greyed picture
NO_ATTENTION = "No attention map is known for this encoder: the pictures are shown without."


@dataclass(frozen=True)
class Sample:
    """One image under every augmentation.

    Attributes:
        image_id: its key.
        views: pixels by view name ("original" and every augmentation), uint8 (size, size, 3), RGB.
        attention: by view name, float32 (heads, rows, cols); no heads where the encoder has no attention map.
        cosine: cosine similarity to the original by augmentation; where it is not defined there is no entry.
    """

    image_id: str
    views: dict
    attention: dict
    cosine: dict


def read_image_ids(manifest):
    """Return the image ids of a manifest, sorted."""
    return sorted(row["image_id"] for row in tables.read_rows(manifest))


def strip_image(manifest, image_id=None):
    """Return the image id that the strip shows: the one given, else the first of the manifest.

    Raises:
        InputError: the manifest does not hold it.
    """
    image_ids = read_image_ids(manifest)
    if image_id is None:
        return image_ids[0]
    if image_id not in image_ids:
        raise InputError(
            f"figures.strip_image: no image {image_id!r} among the {len(image_ids)} of {manifest}, from"
            f" {image_ids[0]!r} to {image_ids[-1]!r}"
        )
    return image_id


def evenly_spread(items, count):
    """Return `count` items, evenly spread over the sequence, in its order; all of them where there are fewer."""
    count = min(count, len(items))
    return [items[(2 * number + 1) * len(items) // (2 * count)] for number in range(count)]


def page_of(image_ids, page, pages):
    """Return the image ids that page `page` of `pages` shows, evenly spread over all; early pages are filled first.

    Raises:
        InputError: there is no such page.
    """
    if not 1 <= page <= pages:
        raise InputError(f"there is no page {page}; the pages are 1 to {pages} (figures.attention_grid_pages)")
    shown = evenly_spread(image_ids, pages * IMAGES_PER_PAGE)
    return shown[(page - 1) * IMAGES_PER_PAGE : page * IMAGES_PER_PAGE]


def read_views(folder, number_of_shards, names, image_ids):
    """Return {view name: {image id: pixels}} from the shards under `folder`, opening only those that are needed."""
    views = {}
    for name in names:
        paths = [Path(folder, name, f"{number:05d}.tar") for number in range(number_of_shards)]
        found = shards.read_selected(paths, image_ids) if image_ids else {}
        views[name] = {image_id: view.pixels for image_id, view in found.items()}
    return views


def read_attention(folder, names, image_ids):
    """Return {view name: {image id: attention (heads, rows, cols)}} from the attention files in `folder`."""
    attention = {}
    for name in names:
        path = Path(folder, f"{name}.npz")
        stored = array_files.read(path)
        rows = {image_id: row for row, image_id in enumerate(stored["image_id"].tolist())}
        missing = [image_id for image_id in image_ids if image_id not in rows]
        if missing:
            raise InputError(f"no image {missing[0]!r} in {path}")
        attention[name] = {image_id: stored["attention"][rows[image_id]] for image_id in image_ids}
    return attention


def read_cosine(metrics, image_ids):
    """Return {image id: {augmentation: cosine similarity}} from the long table."""
    table = tables.read_parquet([metrics])
    table = table[(table["metric"] == "cosine_similarity") & table["image_id"].isin(image_ids)]
    cosine = {image_id: {} for image_id in image_ids}
    for row in table.itertuples():
        cosine[row.image_id][row.augmentation] = row.value
    return cosine


def samples(image_ids, views, attention, cosine=None):
    """Return a Sample per image id from what the functions above read."""
    return [
        Sample(
            image_id,
            {name: by_id[image_id] for name, by_id in views.items()},
            {name: by_id[image_id] for name, by_id in attention.items()},
            (cosine or {}).get(image_id, {}),
        )
        for image_id in image_ids
    ]


def attention_picture(attention):
    """Attention (heads, rows, cols) in colours, lowest to highest: uint8 (224, 224, 3)."""
    return plt.get_cmap(style.SEQUENTIAL)(representation_metrics.attention_map(attention), bytes=True)[..., :3]


def overlay(pixels, attention):
    """Lay the attention's colours over the greyed picture: uint8 (size, size, 3); the picture itself without heads."""
    if not attention.shape[0]:
        return pixels
    grey = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    colors = cv2.resize(attention_picture(attention), grey.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return cv2.addWeighted(colors, OVERLAY_SHARE, grey, 1 - OVERLAY_SHARE, 0)


def draw_strip(augmentations, views):
    """Draw the views of one image in a row, {view name: pixels}, with their names below."""
    columns = _columns(augmentations)
    sheet = Sheet(len(columns), STRIP_CELL, margin=0.0)
    for column, (name, _, _) in enumerate(columns):
        sheet.picture(column, views[name])
    sheet.advance(STRIP_CELL)
    sheet.names(columns, above=False)
    return sheet.finish()


def draw_samples(augmentations, chosen):
    """Draw a row per image: the picture, then the attention over it and over every view, with cosine similarities.

    Without attention maps, there are the picture and its views.
    """
    original, *views = _columns(augmentations)
    with_attention = [("original", "Its attention", style.GREY)] if _have_attention(chosen) else []
    columns = [original, *with_attention, *views]
    sheet = Sheet(len(columns), SMALL_CELL)
    sheet.names(columns)
    for sample in chosen:
        sheet.row_label(sample.image_id)
        sheet.picture(0, sample.views["original"])
        for column, (name, _, _) in enumerate(columns[1:], start=1):
            sheet.picture(column, overlay(sample.views[name], sample.attention[name]))
        sheet.advance(SMALL_CELL)
        sheet.word(len(with_attention), "cosine similarity:" if with_attention else "cosine:", right=True)
        for column, augmentation in enumerate(augmentations, start=1 + len(with_attention)):
            value = sample.cosine.get(augmentation.name)
            sheet.word(column, "not defined" if value is None else f"{value:.3f}".replace("-", "−"))
        sheet.advance(0.16)
    return _with_legend(sheet, chosen)


def draw_grid(augmentations, chosen, number_of_images):
    """Draw a page: for every image a row of its views, and under each view the attention on it.

    Args:
        augmentations: list of style.Augmentation.
        chosen: the samples of this page; none on a surplus page, which then says so.
        number_of_images: in the dataset, for that sentence.
    """
    if not chosen:
        images = "The only image" if number_of_images == 1 else f"All {number_of_images} images"
        text = f"There are no further images. {images} of the dataset can be seen on the pages before."
        return style.note(text, width=style.TEXT_WIDTH, height=0.5)
    columns = _columns(augmentations)
    sheet = Sheet(len(columns), SMALL_CELL)
    sheet.names(columns)
    with_attention = _have_attention(chosen)
    for sample in chosen:
        sheet.row_label(sample.image_id, height=SMALL_CELL * (1 + with_attention))
        for column, (name, _, _) in enumerate(columns):
            sheet.picture(column, sample.views[name])
        sheet.advance(SMALL_CELL)
        if with_attention:
            sheet.advance(0.015)
            for column, (name, _, _) in enumerate(columns):
                sheet.picture(column, attention_picture(sample.attention[name]))
            sheet.advance(SMALL_CELL)
        sheet.advance(0.055)
    return _with_legend(sheet, chosen)


def _columns(augmentations):
    """Return (name, label, colour) of the original and of every augmentation."""
    return [("original", "Original", style.GREY), *((a.name, a.label, a.color) for a in augmentations)]


def _have_attention(chosen):
    return all(attention.shape[0] for sample in chosen for attention in sample.attention.values())


def _with_legend(sheet, chosen):
    if _have_attention(chosen):
        sheet.color_bar("Attention within each picture", "lowest", "highest")
    else:
        sheet.sentence(NO_ATTENTION)
    return sheet.finish()
