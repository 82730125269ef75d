"""Compare the augmentations over images: paired differences, Friedman's test and mean ranks."""

from embedding_shift import cli
from embedding_shift.io import tables
from embedding_shift.io.values_by_metric import LongTable
from embedding_shift.statistics import bootstrap, paired_tests


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--metrics", required=True, help="Parquet file of the long table")
    bootstrap.add_arguments(parser)
    parser.add_argument("--paired-differences", required=True, help="CSV file to write")
    parser.add_argument("--friedman", required=True, help="CSV file to write")
    parser.add_argument("--mean-ranks", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    values = LongTable(arguments.metrics)
    differences = paired_tests.paired_differences(values, *bootstrap.settings(arguments))
    tables.write_csv(arguments.paired_differences, differences)
    tables.write_csv(arguments.friedman, paired_tests.friedman(values))
    tables.write_csv(arguments.mean_ranks, paired_tests.mean_ranks(values))


if __name__ == "__main__":
    cli.run(main)
