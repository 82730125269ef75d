"""Compare attention maps under one augmentation with the geometry undone."""

from embedding_shift import cli
from embedding_shift.io import array_files
from embedding_shift.metrics import stored_views


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--original-attention", required=True, help="npz file of the original views")
    parser.add_argument("--attention", required=True, help="npz file of the augmented views")
    parser.add_argument("--views", nargs="+", required=True, help="tar files of the augmented views")
    parser.add_argument("--augmentation", required=True, help="name of the augmentation")
    parser.add_argument("--output", required=True, help="npz file to write")
    arguments = parser.parse_args()
    (image_ids, before), (_, after) = (
        array_files.concatenate([path], "attention") for path in (arguments.original_attention, arguments.attention)
    )
    values = stored_views.registered_attention(image_ids, before, after, arguments.views)
    stored_views.write(arguments.output, image_ids, values, arguments.augmentation)


if __name__ == "__main__":
    cli.run(main)
