"""Join the metrics of all augmentations and shards in the long table of a model."""

from collections.abc import Iterator

import pandas as pd

from embedding_shift import cli
from embedding_shift.io import tables
from embedding_shift.metrics import long_table


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
    excluded: list[pd.DataFrame] = []

    def rows() -> Iterator[pd.DataFrame]:
        for kept, left_out in long_table.join(names, parts):
            excluded.append(left_out)
            yield kept

    tables.write_parquet_parts(arguments.output, rows())
    tables.write_csv(arguments.exclusions, pd.concat(excluded, ignore_index=True))


if __name__ == "__main__":
    cli.run(main)
