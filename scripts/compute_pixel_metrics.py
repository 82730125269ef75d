"""Compute the pixel metrics of one shard under all augmentations, as they are and with the geometry undone."""

from functools import partial
from pathlib import Path

from embedding_shift import cli, processes
from embedding_shift.io import array_files
from embedding_shift.io.array_store import Store
from embedding_shift.metrics import stored_views


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--originals", required=True, help="tar file of the original views")
    parser.add_argument("--views", nargs="+", required=True, help="tar files of the augmented views")
    parser.add_argument("--augmentations", nargs="+", required=True, help="their augmentations, in the same order")
    parser.add_argument("--threads", type=int, default=1, help="number of augmentations that are measured at a time")
    parser.add_argument("--store", help="folder that keeps the metrics of views, so that none is measured twice")
    parser.add_argument("--code", nargs="*", default=[], help="files whose change makes stored metrics invalid")
    parser.add_argument("--output", nargs="+", required=True, help="npz files to write, in the same order")
    arguments = parser.parse_args()
    stores: list[Path | None] = [None] * len(arguments.views)
    if arguments.store:
        # One store per augmentation, because a process reads the keys of its whole store.
        setting = stored_views.setting(arguments.code)
        stores = [Path(arguments.store, augmentation, setting) for augmentation in arguments.augmentations]
    jobs = zip(arguments.views, stores, arguments.output, strict=True)
    processes.call(partial(measure, arguments.originals), jobs, arguments.threads)


def measure(originals: str, views: str, store: Path | None, output: str) -> None:
    """Write the pixel metrics of the views of one augmentation."""
    image_ids, values = stored_views.pixel_metrics(originals, views, Store(store) if store else None)
    array_files.write(output, image_ids, **values)


if __name__ == "__main__":
    cli.run(main)
