"""Compute the pixel metrics of one shard under one augmentation, as they are and with the geometry undone."""

from embedding_shift import cli
from embedding_shift.metrics import stored_views


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--originals", required=True, help="tar file of the original views")
    parser.add_argument("--views", required=True, help="tar file of the augmented views")
    parser.add_argument("--augmentation", required=True, help="name of the augmentation")
    parser.add_argument("--output", required=True, help="npz file to write")
    arguments = parser.parse_args()
    image_ids, values = stored_views.pixel_metrics(arguments.originals, arguments.views)
    stored_views.write(arguments.output, image_ids, values, arguments.augmentation)


if __name__ == "__main__":
    cli.run(main)
