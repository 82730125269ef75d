"""Compute the pixel metrics of one shard under all augmentations, as they are and with the geometry undone."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from embedding_shift import cli, processes
from embedding_shift.io import array_files, shards
from embedding_shift.io.array_store import Store

if TYPE_CHECKING:
    from embedding_shift.metrics.stored_views import Values


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--originals", required=True, help="tar file of the original views")
    parser.add_argument("--views", nargs="+", required=True, help="tar files of the augmented views")
    parser.add_argument("--augmentations", nargs="+", required=True, help="their augmentations, in the same order")
    parser.add_argument("--threads", type=int, default=1, help="number of processes that share the images")
    parser.add_argument("--store", help="folder that keeps the metrics of views, so that none is measured twice")
    parser.add_argument("--code", nargs="*", default=[], help="files whose change makes stored metrics invalid")
    parser.add_argument("--output", nargs="+", required=True, help="npz files to write, in the same order")
    arguments = parser.parse_args()
    paths = [arguments.originals, *arguments.views]
    # The transforms, which undo the geometry, load on one core. Another process compares checksums meanwhile.
    with processes.meanwhile(verify, paths) as verified_so_far:
        with cli.importing():
            from embedding_shift.metrics import stored_views
        verified = verified_so_far()
    remaining = [(path,) for path in paths if path not in verified]
    processes.call(shards.verify, remaining, arguments.threads)
    stores: list[Path | None] = [None] * len(arguments.views)
    if arguments.store:
        setting = stored_views.setting(arguments.code)
        stores = [Path(arguments.store, augmentation, setting) for augmentation in arguments.augmentations]
    measure_share = partial(measure, arguments.originals, arguments.views, stores, arguments.threads)
    shares = processes.call(measure_share, [(first,) for first in range(arguments.threads)], arguments.threads)
    image_ids, values = stored_views.joined(shares)
    for path, columns in zip(arguments.output, values, strict=True):
        array_files.write(path, image_ids, **columns)


def verify(paths: Sequence[str]) -> list[str]:
    """Compare shards with their checksums until the result is waited for, and return those that were compared."""
    verified = []
    for path in paths:
        if processes.is_awaited():
            break
        shards.verify(path)
        verified.append(path)
    return verified


def measure(
    originals: str, views: Sequence[str], stores: Sequence[Path | None], processes: int, number: int
) -> tuple[list[str], "list[Values]"]:
    """Return the pixel metrics of the images that fall to one of several processes."""
    from embedding_shift.metrics import stored_views

    opened = [Store(folder) if folder else None for folder in stores]
    return stored_views.pixel_metrics(originals, views, opened, number, processes)


if __name__ == "__main__":
    cli.run(main)
