"""Draw the shift of every augmentation against floor and ceiling."""

import pandas as pd

from embedding_shift import cli
from embedding_shift.plots import style
from embedding_shift.plots.study import noise_floor


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--noise-floor", required=True, help="CSV, mean and interval per reference and metric")
    parser.add_argument("--summary", required=True, help="CSV, mean and interval per augmentation and metric")
    parser.add_argument("--confidence", type=float, required=True, help="coverage of the intervals")
    style.add_arguments(parser)
    arguments = parser.parse_args()
    style.apply()
    augmentations = style.read_augmentations(arguments.augmentations)
    floor, summary = pd.read_csv(arguments.noise_floor), pd.read_csv(arguments.summary)
    figure = noise_floor.noise_floor(floor, summary, augmentations, arguments.confidence)
    style.save(figure, arguments.pdf, arguments.png)


if __name__ == "__main__":
    cli.run(main)
