"""Compute the pixel metrics of one shard under all augmentations, as they are and with the geometry undone."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from embedding_shift import cli, processes
from embedding_shift.io import array_files
from embedding_shift.io.array_store import Store
from embedding_shift.metrics import stored_views


class Measurement(NamedTuple):
    """What is measured of one augmentation: a shard of views, the folder of its store if it has one, and the output."""

    views: str
    store: Path | None
    output: str


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--originals", required=True, help="tar file of the original views")
    parser.add_argument("--views", nargs="+", required=True, help="tar files of the augmented views")
    parser.add_argument("--augmentations", nargs="+", required=True, help="their augmentations, in the same order")
    parser.add_argument("--threads", type=int, default=1, help="number of processes that share the augmentations")
    parser.add_argument("--store", help="folder that keeps the metrics of views, so that none is measured twice")
    parser.add_argument("--code", nargs="*", default=[], help="files whose change makes stored metrics invalid")
    parser.add_argument("--output", nargs="+", required=True, help="npz files to write, in the same order")
    arguments = parser.parse_args()
    stores: list[Path | None] = [None] * len(arguments.views)
    if arguments.store:
        # One store per augmentation, because a process reads the keys of its whole store.
        setting = stored_views.setting(arguments.code)
        stores = [Path(arguments.store, augmentation, setting) for augmentation in arguments.augmentations]
    measurements = [Measurement(*each) for each in zip(arguments.views, stores, arguments.output, strict=True)]
    shares = [(measurements[first :: arguments.threads],) for first in range(min(arguments.threads, len(measurements)))]
    processes.call(partial(measure, arguments.originals), shares, arguments.threads)


def measure(originals: str, measurements: Sequence[Measurement]) -> None:
    """Write the pixel metrics of the views of some augmentations, image by image."""
    stores = [Store(each.store) if each.store else None for each in measurements]
    image_ids, values = stored_views.pixel_metrics(originals, [each.views for each in measurements], stores)
    for each, columns in zip(measurements, values, strict=True):
        array_files.write(each.output, image_ids, **columns)


if __name__ == "__main__":
    cli.run(main)
