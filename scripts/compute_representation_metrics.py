"""Compute the embedding and attention metrics of one shard under one augmentation, with the geometry undone as well."""

from embedding_shift import cli
from embedding_shift.io import array_files
from embedding_shift.metrics import stored_views


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--original", required=True, help="npz file of the encoder's output for the original views")
    parser.add_argument("--augmented", required=True, help="npz file of the encoder's output for the augmented views")
    parser.add_argument("--views", required=True, help="tar file of the augmented views")
    parser.add_argument("--output", required=True, help="npz file to write")
    arguments = parser.parse_args()
    image_ids, values = stored_views.representation_metrics(arguments.original, arguments.augmented, arguments.views)
    array_files.write(arguments.output, image_ids, **values)


if __name__ == "__main__":
    cli.run(main)
