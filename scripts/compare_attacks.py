"""Measure with every encoder the views that were made against every encoder."""

from itertools import product

from embedding_shift import cli
from embedding_shift.adversarial import transfer
from embedding_shift.io import array_files, tables
from embedding_shift.statistics import bootstrap
from embedding_shift.study.variants import variant_names


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--models", nargs="+", required=True, help="names of the encoders")
    parser.add_argument("--originals", nargs="+", required=True, help="npz files of the original views, by encoder")
    parser.add_argument(
        "--encoded",
        nargs="+",
        required=True,
        help="npz files of the attacked views: for every attacked encoder, one by every encoder that measures",
    )
    bootstrap.add_arguments(parser)
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    pairs = product(arguments.models, repeat=2)
    encoded = {
        pair: array_files.read_array(path, "embedding") for pair, path in zip(pairs, arguments.encoded, strict=True)
    }
    image_ids = {variant_names.split(key)[0] for keys, _ in encoded.values() for key in map(str, keys)}
    originals = {
        model: array_files.read_selected(path, "embedding", sorted(image_ids))
        for model, path in zip(arguments.models, arguments.originals, strict=True)
    }
    tables.write_csv(arguments.output, transfer.table(originals, encoded, bootstrap.settings(arguments)))


if __name__ == "__main__":
    cli.run(main)
