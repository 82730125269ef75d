"""Summarise the long table: mean, standard deviation and bootstrap interval per augmentation and metric."""

from embedding_shift import cli
from embedding_shift.io import long_table_file, tables
from embedding_shift.statistics import bootstrap


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--metrics", required=True, help="Parquet file of the long table")
    bootstrap.add_arguments(parser)
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    groups = long_table_file.read(arguments.metrics)
    rows = bootstrap.summarise(groups, *bootstrap.settings(arguments))
    # What is not defined becomes an empty cell.
    cells = ({name: value for name, value in row._asdict().items() if value == value} for row in rows)
    tables.write_rows(arguments.output, bootstrap.SummaryRow._fields, cells)


if __name__ == "__main__":
    cli.run(main)
