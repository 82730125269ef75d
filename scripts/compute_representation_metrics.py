"""Compute the embedding and attention metrics of some shards under all augmentations, also with the geometry undone."""

from collections.abc import Sequence
from functools import partial

from embedding_shift import cli, processes
from embedding_shift.io import array_files
from embedding_shift.metrics import stored_views


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--original", required=True, help="npz file of the encoder's output for the original views")
    parser.add_argument(
        "--augmented", nargs="+", required=True, help="npz files of the encoder's output, one per augmentation"
    )
    parser.add_argument(
        "--views",
        nargs="+",
        required=True,
        help="tar files of the augmented views, those of one augmentation after another",
    )
    parser.add_argument("--threads", type=int, default=1, help="number of augmentations that are measured at a time")
    parser.add_argument("--output", nargs="+", required=True, help="npz files to write, in the same order")
    arguments = parser.parse_args()
    files = zip(
        arguments.augmented, cli.grouped(arguments.views, len(arguments.augmented)), arguments.output, strict=True
    )
    processes.call(partial(measure, arguments.original), files, arguments.threads)


def measure(original: str, augmented: str, views: Sequence[str], output: str) -> None:
    """Write the metrics of the views of one augmentation."""
    image_ids, values = stored_views.representation_metrics(original, augmented, views)
    array_files.write(output, image_ids, **values)


if __name__ == "__main__":
    cli.run(main)
