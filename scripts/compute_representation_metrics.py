"""Compute the embedding and attention metrics of some shards under all augmentations, also with the geometry undone."""

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
    parser.add_argument("--threads", type=int, default=1, help="number of processes that share the images")
    parser.add_argument("--output", nargs="+", required=True, help="npz files to write, in the same order")
    arguments = parser.parse_args()
    # Of several processes that read a damaged file, one names and deletes it, and the others only miss it.
    for path in (arguments.original, *arguments.augmented):
        array_files.read(path, ["image_id"])
    measure_share = partial(stored_views.representation_metrics, arguments.original, arguments.augmented)
    shares = [(first, arguments.threads) for first in range(arguments.threads)]
    image_ids, values = stored_views.joined(processes.call(measure_share, shares, arguments.threads))
    for path, columns in zip(arguments.output, values, strict=True):
        array_files.write(path, image_ids, **columns)


if __name__ == "__main__":
    cli.run(main)
