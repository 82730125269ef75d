"""Draw the critical-difference diagram of a metric."""

import pandas as pd

from embedding_shift import cli
from embedding_shift.plots import critical_difference, style


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--mean-ranks", required=True, help="CSV, mean rank per metric and augmentation")
    parser.add_argument("--paired-differences", required=True, help="CSV, corrected p value per metric and pair")
    parser.add_argument("--metric", required=True, help="metric to draw")
    parser.add_argument("--confidence", type=float, required=True, help="1 − level of the test")
    style.add_arguments(parser)
    arguments = parser.parse_args()
    style.apply()
    ranks, pairs = pd.read_csv(arguments.mean_ranks), pd.read_csv(arguments.paired_differences)
    figure = critical_difference.critical_difference(
        ranks[ranks["metric"] == arguments.metric],
        pairs[pairs["metric"] == arguments.metric],
        style.read_augmentations(arguments.augmentations),
        1 - arguments.confidence,
    )
    style.save(figure, arguments.pdf, arguments.png)


if __name__ == "__main__":
    cli.run(main)
