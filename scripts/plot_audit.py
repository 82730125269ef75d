"""Draw what the flaws of the released scripts do to every number."""

import pandas as pd

from embedding_shift import cli
from embedding_shift.plots import style
from embedding_shift.plots.study import audit


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--audit", required=True, help="CSV, means as released and corrected")
    style.add_arguments(parser)
    arguments = parser.parse_args()
    style.apply()
    augmentations = style.read_augmentations(arguments.augmentations)
    figure = audit.audit(pd.read_csv(arguments.audit), augmentations)
    style.save(figure, arguments.pdf, arguments.png)


if __name__ == "__main__":
    cli.run(main)
