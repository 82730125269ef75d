"""Tell attacked views from augmented ones by the shift of the embedding, and by what happens inside the encoder."""

from embedding_shift import cli
from embedding_shift.adversarial import detection, inside
from embedding_shift.io import array_files, tables
from embedding_shift.mechanism import arguments as captured_arguments
from embedding_shift.statistics import bootstrap
from embedding_shift.study.variants import variant_names


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--original", required=True, help="npz file, embeddings of the original views")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names, in the order of the files below")
    parser.add_argument("--augmented", nargs="+", required=True, help="npz files of the augmented views")
    parser.add_argument("--encoded", required=True, help="npz file of the attacked views")
    captured_arguments.add_arguments(parser, required=False)
    parser.add_argument("--captured-attacks", help="npz file, captured inside the encoder under attack")
    parser.add_argument("--output", required=True, help="CSV file to write")
    parser.add_argument("--output-layers", help="CSV file to write, layer by layer, where something was captured")
    arguments = parser.parse_args()
    settings = bootstrap.settings(arguments)
    attacked = array_files.read_array(arguments.encoded, "embedding")
    image_ids = sorted({variant_names.split(str(key))[0] for key in attacked[0]})
    original, *augmented = (
        array_files.read_selected(path, "embedding", image_ids) for path in (arguments.original, *arguments.augmented)
    )
    by_name = dict(zip(arguments.augmentations, augmented, strict=True))
    shifts = detection.embedding_shifts(original, by_name, attacked)
    vectors = {detection.SIZE: shifts, detection.DIRECTION: shifts}
    if arguments.captured_attacks:
        views = captured_arguments.captured_views(arguments)
        captured = inside.read(views, arguments.captured_attacks)
        vectors |= inside.scores(captured, views, captured_arguments.settings(arguments))
        tables.write_csv(arguments.output_layers, inside.layer_table(captured, views.tower, settings))
    tables.write_csv(arguments.output, detection.table(vectors, settings))


if __name__ == "__main__":
    cli.run(main)
