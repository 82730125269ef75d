"""Draw the shift of every encoder side by side."""

import pandas as pd

from embedding_shift import cli
from embedding_shift.plots import encoder_comparison, style


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--comparison", required=True, help="CSV, mean and interval per model, augmentation and metric")
    parser.add_argument("--rank-agreement", required=True, help="CSV, rank correlations of every two models")
    parser.add_argument("--models", nargs="+", required=True, help="names")
    parser.add_argument("--labels", nargs="+", required=True, help="how the figure calls them")
    style.add_arguments(parser)
    arguments = parser.parse_args()
    style.apply()
    figure = encoder_comparison.model_comparison(
        pd.read_csv(arguments.comparison),
        pd.read_csv(arguments.rank_agreement),
        dict(zip(arguments.models, map(style.literal, arguments.labels), strict=True)),
        style.read_augmentations(arguments.augmentations),
    )
    style.save(figure, arguments.pdf, arguments.png)


if __name__ == "__main__":
    cli.run(main)
