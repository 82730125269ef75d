"""Compare the augmentations over images: paired differences, Friedman's test and mean ranks."""

from embedding_shift import cli
from embedding_shift.io import tables
from embedding_shift.statistics import paired_tests


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--metrics", required=True, help="Parquet, the long table")
    parser.add_argument("--resamples", type=int, required=True, help="bootstrap resamples")
    parser.add_argument("--confidence", type=float, required=True, help="coverage of the intervals")
    parser.add_argument("--seed", type=int, required=True, help="root seed of the run")
    parser.add_argument("--paired-differences", required=True, help="CSV to write")
    parser.add_argument("--friedman", required=True, help="CSV to write")
    parser.add_argument("--mean-ranks", required=True, help="CSV to write")
    arguments = parser.parse_args()
    table = tables.read_parquet([arguments.metrics])
    differences = paired_tests.paired_differences(table, arguments.resamples, arguments.confidence, arguments.seed)
    tables.write_csv(arguments.paired_differences, differences)
    tables.write_csv(arguments.friedman, paired_tests.friedman(table))
    tables.write_csv(arguments.mean_ranks, paired_tests.mean_ranks(table))


if __name__ == "__main__":
    cli.run(main)
