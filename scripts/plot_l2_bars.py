"""Draw the mean L2 distance of every augmentation, with spread and interval."""

import pandas as pd

from embedding_shift import cli
from embedding_shift.plots import bars, style


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--summary", required=True, help="CSV, mean and interval per augmentation and metric")
    parser.add_argument("--confidence", type=float, required=True, help="coverage of the intervals")
    style.add_arguments(parser)
    arguments = parser.parse_args()
    style.apply()
    augmentations = style.read_augmentations(arguments.augmentations)
    summary = pd.read_csv(arguments.summary)
    figure = bars.l2_bars(summary, augmentations, arguments.confidence)
    style.save(figure, arguments.pdf, arguments.png)


if __name__ == "__main__":
    cli.run(main)
