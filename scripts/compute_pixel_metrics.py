"""Compute the pixel metrics of one shard under one augmentation, as they are and with the geometry undone."""

from embedding_shift import cli
from embedding_shift.io import array_files
from embedding_shift.metrics import stored_views


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--originals", required=True, help="tar file of the original views")
    parser.add_argument("--views", required=True, help="tar file of the augmented views")
    parser.add_argument("--output", required=True, help="npz file to write")
    arguments = parser.parse_args()
    image_ids, values = stored_views.pixel_metrics(arguments.originals, arguments.views)
    array_files.write(arguments.output, image_ids, **values)


if __name__ == "__main__":
    cli.run(main)
