"""Find the typical and the worst image of every augmentation, and how much of their attention moved."""

from embedding_shift import cli
from embedding_shift.io import array_files, tables
from embedding_shift.io.values_by_metric import LongTable
from embedding_shift.statistics import notable_images


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--metrics", required=True, help="Parquet file of the long table")
    parser.add_argument("--augmentations", nargs="+", required=True, help="names, in the order of the files below")
    parser.add_argument("--original-attention", required=True, help="npz file of the originals")
    parser.add_argument("--attention", nargs="+", required=True, help="npz file of every augmentation")
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    augmented = (
        (name, array_files.open_rows(path, "attention"))
        for name, path in zip(arguments.augmentations, arguments.attention, strict=True)
    )
    original = array_files.open_rows(arguments.original_attention, "attention")
    metrics = LongTable(arguments.metrics)
    tables.write_csv(arguments.output, notable_images.table(metrics, original, augmented))


if __name__ == "__main__":
    cli.run(main)
