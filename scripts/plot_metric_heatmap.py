"""Draw the heatmap of metrics by augmentations, sorted by average closeness."""

import pandas as pd

from embedding_shift import cli
from embedding_shift.plots import heatmaps, overview, style


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--summary", required=True, help="CSV, mean and interval per augmentation and metric")
    style.add_arguments(parser)
    arguments = parser.parse_args()
    style.apply()
    augmentations = style.read_augmentations(arguments.augmentations)
    summary = pd.read_csv(arguments.summary)
    figure = heatmaps.metric_heatmap(overview.from_summary(summary, augmentations))
    style.save(figure, arguments.pdf, arguments.png)


if __name__ == "__main__":
    cli.run(main)
