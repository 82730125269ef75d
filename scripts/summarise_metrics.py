"""Summarise the long table: mean, standard deviation and bootstrap interval per augmentation and metric."""

from embedding_shift import cli
from embedding_shift.io import tables
from embedding_shift.statistics import bootstrap


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--metrics", required=True, help="Parquet file of the long table")
    bootstrap.add_arguments(parser)
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    long_table = tables.read_parquet_parts(arguments.metrics)
    summary = bootstrap.summarise(long_table, *bootstrap.settings(arguments))
    tables.write_csv(arguments.output, summary)


if __name__ == "__main__":
    cli.run(main)
