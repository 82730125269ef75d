"""Compute the pixel metrics of one shard under one augmentation, as they are and with the geometry undone."""

from pathlib import Path

from embedding_shift import cli
from embedding_shift.io import array_files
from embedding_shift.io.array_store import Store
from embedding_shift.metrics import stored_views


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--originals", required=True, help="tar file of the original views")
    parser.add_argument("--views", required=True, help="tar file of the augmented views")
    parser.add_argument("--store", help="folder that keeps the metrics of views, so that none is measured twice")
    parser.add_argument("--code", nargs="*", default=[], help="files whose change makes stored metrics invalid")
    parser.add_argument("--output", required=True, help="npz file to write")
    arguments = parser.parse_args()
    store = Store(Path(arguments.store, stored_views.setting(arguments.code))) if arguments.store else None
    image_ids, values = stored_views.pixel_metrics(arguments.originals, arguments.views, store)
    array_files.write(arguments.output, image_ids, **values)


if __name__ == "__main__":
    cli.run(main)
