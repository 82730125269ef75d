"""A page of images: their views, and below each view the attention on it."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from embedding_shift.errors import InputError
from embedding_shift.plots import style
from embedding_shift.plots.pictures import attention, reading
from embedding_shift.plots.pictures.sheet import SMALL_CELL, Sheet, columns_of

IMAGES_PER_PAGE = 7


def draw(
    manifest: reading.StrPath,
    augmentations: Sequence[style.Augmentation],
    views_folder: reading.StrPath,
    attention_folder: reading.StrPath,
    shards: int,
    page: int,
    pages: int,
) -> Figure:
    """Draw one page: for every image a row of its views, and below each view the attention on it.

    Args:
        manifest: path of the manifest.
        augmentations: in the order of the views.
        views_folder: folder with one folder of shards per view.
        attention_folder: folder with one attention file per view.
        shards: number of shards.
        page: number of this page, from 1.
        pages: number of pages.

    Raises:
        InputError: there is no such page.
    """
    names = reading.view_names(augmentations)
    all_ids = reading.read_image_ids(manifest)
    image_ids = page_of(all_ids, page, pages)
    views = reading.read_views(views_folder, shards, names, image_ids)
    maps = reading.read_attention(attention_folder, names, image_ids)
    return grid(augmentations, reading.samples(image_ids, views, maps), len(all_ids))


def page_of(image_ids: Sequence[str], page: int, pages: int) -> list[str]:
    """Return the image ids on page `page` of `pages`, evenly spread over all; early pages are filled first.

    Raises:
        InputError: there is no such page.
    """
    if not 1 <= page <= pages:
        raise InputError(f"there is no page {page}; the pages are 1 to {pages} (figures.attention_grid_pages)")
    shown = reading.evenly_spread(image_ids, pages * IMAGES_PER_PAGE)
    return shown[(page - 1) * IMAGES_PER_PAGE : page * IMAGES_PER_PAGE]


def grid(
    augmentations: Sequence[style.Augmentation], chosen: Sequence[reading.Sample], number_of_images: int
) -> Figure:
    """Draw the samples of a page.

    Args:
        augmentations: in the order of the views.
        chosen: the samples of this page; where there are none, the page says so.
        number_of_images: in the dataset, for that sentence.
    """
    if not chosen:
        images = "The only image" if number_of_images == 1 else f"All {number_of_images} images"
        text = f"There are no further images. {images} of the dataset can be seen on the pages before."
        return style.note(text, share=1, height=0.5)
    columns = columns_of(augmentations)
    sheet = Sheet(len(columns), SMALL_CELL)
    sheet.names(columns)
    with_attention = attention.is_known(chosen)
    for sample in chosen:
        sheet.row_label(sample.image_id, height=SMALL_CELL * (1 + with_attention))
        for number, column in enumerate(columns):
            sheet.picture(number, sample.views[column.name])
        sheet.advance(SMALL_CELL)
        if with_attention:
            sheet.advance(0.015)
            for number, column in enumerate(columns):
                sheet.picture(number, attention.attention_picture(sample.attention[column.name]))
            sheet.advance(SMALL_CELL)
        sheet.advance(0.055)
    return attention.with_legend(sheet, chosen)
