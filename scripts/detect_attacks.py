"""Tell attacked views from augmented ones by the size and the direction of the shift."""

from embedding_shift import cli
from embedding_shift.adversarial import attacked_views, detection
from embedding_shift.io import array_files, tables
from embedding_shift.statistics import bootstrap
from embedding_shift.study.variants import variant_names


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--original", required=True, help="npz file, embeddings of the original views")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names, in the order of the files below")
    parser.add_argument("--augmented", nargs="+", required=True, help="npz files of the augmented views")
    parser.add_argument("--encoded", required=True, help="npz file of the attacked views")
    bootstrap.add_arguments(parser)
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    attacked = array_files.read_array(arguments.encoded, "embedding")
    names = [variant_names.split(str(key)) for key in attacked[0]]
    image_ids = sorted({image_id for image_id, _ in names})
    original, *augmented = (
        array_files.read_selected(path, "embedding", image_ids) for path in (arguments.original, *arguments.augmented)
    )
    table = detection.table(
        original,
        dict(zip(arguments.augmentations, augmented, strict=True)),
        attacked,
        sorted({attacked_views.kind_and_epsilon(variant)[1] for _, variant in names}),
        bootstrap.settings(arguments),
    )
    tables.write_csv(arguments.output, table)


if __name__ == "__main__":
    cli.run(main)
