"""Draw the dose-response curves of every metric."""

import json

import pandas as pd

from embedding_shift import cli
from embedding_shift.plots import style
from embedding_shift.plots.study import dose_response


def main():
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--dose-response", required=True, help="CSV, mean and interval per augmentation, dose and metric"
    )
    parser.add_argument("--settings", type=json.loads, required=True, help="dose of each configured setting, as JSON")
    parser.add_argument("--confidence", type=float, required=True, help="coverage of the intervals")
    style.add_arguments(parser)
    arguments = parser.parse_args()
    style.apply()
    augmentations = style.read_augmentations(arguments.augmentations)
    table = pd.read_csv(arguments.dose_response)
    figure = dose_response.dose_response(table, arguments.settings, augmentations, arguments.confidence)
    style.save(figure, arguments.pdf, arguments.png)


if __name__ == "__main__":
    cli.run(main)
