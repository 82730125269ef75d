"""Compare the encoders of a run on one dataset: their shift side by side, and how alike they rank the augmentations."""

import pandas as pd

from embedding_shift import cli
from embedding_shift.io import tables
from embedding_shift.statistics import rank_agreement


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--models", nargs="+", required=True, help="names, in the order of the files below")
    parser.add_argument("--summaries", nargs="+", required=True, help="CSV of every model")
    parser.add_argument("--metrics", nargs="+", required=True, help="Parquet of every model, the long table")
    parser.add_argument("--resamples", type=int, required=True, help="bootstrap resamples")
    parser.add_argument("--confidence", type=float, required=True, help="coverage of the intervals")
    parser.add_argument("--seed", type=int, required=True, help="root seed of the run")
    parser.add_argument("--comparison", required=True, help="CSV to write, a row per model, augmentation and metric")
    parser.add_argument("--rank-agreement", required=True, help="CSV to write, a row per metric and two models")
    arguments = parser.parse_args()
    summaries = {model: pd.read_csv(path) for model, path in zip(arguments.models, arguments.summaries, strict=True)}
    long_tables = {
        model: tables.read_parquet([path]) for model, path in zip(arguments.models, arguments.metrics, strict=True)
    }
    tables.write_csv(arguments.comparison, rank_agreement.side_by_side(summaries))
    agreement = rank_agreement.rank_agreement(long_tables, arguments.resamples, arguments.confidence, arguments.seed)
    tables.write_csv(arguments.rank_agreement, agreement)


if __name__ == "__main__":
    cli.run(main)
