"""The pictures of a dataset, how each view was made, and where its pixels came from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedding_shift.explorer import parameters, sprites
from embedding_shift.explorer.run_files import ORIGINAL, RunFiles, view_names
from embedding_shift.io import shards
from embedding_shift.views import geometry
from embedding_shift.views.correspondence import Correspondence
from embedding_shift.views.view_record import ViewRecord

BUDGET = 4e6  # bytes of the pictures of all datasets, before they are written as text
MOST_PICTURED = 300  # images of all datasets and encoders
EXAMPLES = 6


@dataclass(frozen=True)
class DatasetPictures:
    """The pictures of the images of a dataset.

    Attributes:
        image_ids: the images with pictures, the first of those shown.
        sprites: by view.
        records: by augmentation, how each view was made, as rows of `parameters`.
        correspondences: by augmentation that moves pixels, the Correspondence of each view.
    """

    image_ids: list[str]
    sprites: dict[str, Any]
    records: dict[str, list[dict[str, Any]]]
    correspondences: dict[str, list[Correspondence]]


def collect(
    run: RunFiles, dataset: str, augmentations: Sequence[str], image_ids: Sequence[str], share: int
) -> DatasetPictures:
    """Read the views of the images.

    Args:
        run: the files of the run.
        dataset: its name.
        augmentations: names of the augmentations.
        image_ids: the images shown; at most MOST_PICTURED of them get pictures.
        share: number of pairs of a dataset and an encoder that share the budget.
    """
    found = DatasetPictures(list(image_ids[: MOST_PICTURED // share]), {}, {}, {})
    views = view_names(augmentations)
    size = _size(run, dataset, views, found.image_ids, BUDGET / share)
    for view in views:
        read = (
            shards.read_selected(run.in_folder(".tar", dataset, "views", view), found.image_ids)
            if found.image_ids
            else {}
        )
        if read:
            found.sprites[view] = sprites.sprite([sprites.resized(each.pixels, size) for each in read.values()])
        if view == ORIGINAL:
            continue
        found.records[view] = parameters.rows([each.record for each in read.values()])
        moved = [geometry.correspondence(ViewRecord.from_json(each.record)) for each in read.values()]
        if all(moved):
            found.correspondences[view] = [each for each in moved if each]
    return found


def _size(run: RunFiles, dataset: str, views: Sequence[str], image_ids: Sequence[str], budget: float) -> int:
    """Return the size in pixels at which the pictures of all views take at most `budget` bytes."""
    examples = []
    for view in views:
        paths = run.in_folder(".tar", dataset, "views", view)
        in_one_shard = [name for name in image_ids if _shard(name, paths) == _shard(image_ids[0], paths)]
        examples += [each.pixels for each in shards.read_selected(paths, in_one_shard[:EXAMPLES]).values()]
    return sprites.size_within(budget, examples, len(image_ids) * len(views)) if examples else sprites.SIZES[-1]


def _shard(image_id: str, paths: Sequence[Path]) -> int:
    return shards.shard_of(image_id, len(paths))
