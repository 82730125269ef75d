"""Draw the order of the augmentations where they do equal damage to the pixels."""

import pandas as pd

from embedding_shift import cli
from embedding_shift.plots import style
from embedding_shift.plots.study import dose_response


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--equal-damage", required=True, help="CSV, metrics at equal damage")
    parser.add_argument("--confidence", type=float, required=True, help="coverage of the intervals")
    style.add_arguments(parser)
    arguments = parser.parse_args()
    style.apply()
    augmentations = style.read_augmentations(arguments.augmentations)
    figure = dose_response.equal_damage(pd.read_csv(arguments.equal_damage), augmentations, arguments.confidence)
    style.save(figure, arguments.pdf, arguments.png)


if __name__ == "__main__":
    cli.run(main)
