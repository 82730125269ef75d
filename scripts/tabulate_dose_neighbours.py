"""Write how many of its nearest images an image keeps at each dose of the study."""

from itertools import chain

from embedding_shift import cli
from embedding_shift.augmentation_card import dose_neighbours
from embedding_shift.io import array_files, tables
from embedding_shift.statistics import bootstrap


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--original", required=True, help="npz file, embeddings of the originals")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names, in the order of the files below")
    parser.add_argument(
        "--encoded", nargs="+", required=True, help="npz files, embeddings of the study's views under each augmentation"
    )
    parser.add_argument("--neighbours", type=int, required=True, help="number of nearest images that count")
    bootstrap.add_arguments(parser)
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    originals, settings = array_files.read_array(arguments.original, "embedding"), bootstrap.settings(arguments)
    found = (
        dose_neighbours.table(
            name, originals, array_files.read_array(path, "embedding"), arguments.neighbours, settings
        )
        for name, path in zip(arguments.augmentations, arguments.encoded, strict=True)
    )
    tables.write_rows(arguments.output, dose_neighbours.COLUMNS, chain.from_iterable(found))


if __name__ == "__main__":
    cli.run(main)
