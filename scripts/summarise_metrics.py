"""Summarise the long table: mean, spread and percentile bootstrap interval per augmentation and metric."""

from embedding_shift import cli
from embedding_shift.io import tables
from embedding_shift.statistics import bootstrap


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--metrics", required=True, help="Parquet, the long table")
    parser.add_argument("--resamples", type=int, required=True, help="bootstrap resamples")
    parser.add_argument("--confidence", type=float, required=True, help="coverage of the intervals")
    parser.add_argument("--seed", type=int, required=True, help="root seed of the run")
    parser.add_argument("--output", required=True, help="CSV to write")
    arguments = parser.parse_args()
    table = tables.read_parquet([arguments.metrics])
    summary = bootstrap.summarise(table, arguments.resamples, arguments.confidence, arguments.seed)
    tables.write_csv(arguments.output, summary)


if __name__ == "__main__":
    cli.run(main)
