"""The encoder's attention on a few images and on each of their augmented views."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from embedding_shift.io.values_by_metric import Values
from embedding_shift.plots import style
from embedding_shift.plots.pictures import attention, reading
from embedding_shift.plots.pictures.sheet import SMALL_CELL, Column, Sheet, columns_of


def draw(
    manifest: reading.StrPath,
    augmentations: Sequence[style.Augmentation],
    views_folder: reading.StrPath,
    attention_folder: reading.StrPath,
    metrics: Values,
    shards: int,
    images: int,
) -> Figure:
    """Draw a row per image: the image, then the attention over it and over every view, with cosine similarities.

    Without attention maps, the rows show the image and its views.

    Args:
        manifest: path of the manifest.
        augmentations: in the order of the views.
        views_folder: folder with one folder of shards per view.
        attention_folder: folder with one attention file per view.
        metrics: the values of every metric.
        shards: number of shards.
        images: number of images to show.
    """
    names = reading.view_names(augmentations)
    image_ids = reading.evenly_spread(reading.read_image_ids(manifest), images)
    views = reading.read_views(views_folder, shards, names, image_ids)
    maps = reading.read_attention(attention_folder, names, image_ids)
    chosen = reading.samples(image_ids, views, maps, reading.cosine_of(metrics, image_ids))
    return sample_rows(augmentations, chosen)


def sample_rows(augmentations: Sequence[style.Augmentation], chosen: Sequence[reading.Sample]) -> Figure:
    """Draw one row per sample."""
    original, *views = columns_of(augmentations)
    with_attention = [Column("original", "Its attention", style.GREY)] if attention.is_known(chosen) else []
    columns = [original, *with_attention, *views]
    sheet = Sheet(len(columns), SMALL_CELL)
    sheet.names(columns)
    for sample in chosen:
        sheet.row_label(sample.image_id)
        sheet.picture(0, sample.views["original"])
        for number, column in enumerate(columns[1:], start=1):
            sheet.picture(number, attention.overlay(sample.views[column.name], sample.attention[column.name]))
        sheet.advance(SMALL_CELL)
        sheet.word(len(with_attention), "cosine similarity:" if with_attention else "cosine:", right=True)
        for number, augmentation in enumerate(augmentations, start=1 + len(with_attention)):
            value = sample.cosine.get(augmentation.name)
            sheet.word(number, "not defined" if value is None else f"{value:.3f}".replace("-", "−"))
        sheet.advance(0, text=0.16)
    return attention.with_legend(sheet, chosen)
