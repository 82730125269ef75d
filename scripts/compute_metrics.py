"""Join the metrics of all augmentations and shards in the long table of a model."""

from collections.abc import Iterator

from embedding_shift import cli
from embedding_shift.io import long_table_file, tables
from embedding_shift.metrics import joining


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--augmentations", nargs="+", required=True, help="names, in the order of the files below")
    parts_help = "npz files: all shards of the first augmentation, then those of the next one"
    parser.add_argument("--pixel-metrics", nargs="+", required=True, help=parts_help)
    parser.add_argument("--representation-metrics", nargs="+", required=True, help=parts_help)
    parser.add_argument("--output", required=True, help="Parquet file to write")
    parser.add_argument(
        "--exclusions", required=True, help="CSV file to write: values that are not defined, with reasons"
    )
    arguments = parser.parse_args()
    names = arguments.augmentations
    per_augmentation = [
        cli.grouped(arguments.pixel_metrics, len(names)),
        cli.grouped(arguments.representation_metrics, len(names)),
    ]
    parts = [[*pixels, *representation] for pixels, representation in zip(*per_augmentation, strict=True)]
    excluded: list[joining.Exclusions] = []

    def kept() -> Iterator[long_table_file.MetricRows]:
        for rows, exclusions in joining.join(names, parts):
            excluded.append(exclusions)
            yield rows

    long_table_file.write(arguments.output, kept())
    rows = (row for exclusions in excluded for row in exclusions.rows())
    tables.write_rows(arguments.exclusions, joining.EXCLUSION_COLUMNS, rows)


if __name__ == "__main__":
    cli.run(main)
