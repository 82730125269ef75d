"""Draw the dendrogram of the augmentations."""

import pandas as pd

from embedding_shift import cli
from embedding_shift.plots import dendrogram, style


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--distance", required=True, help="CSV, augmentation × augmentation")
    style.add_arguments(parser)
    arguments = parser.parse_args()
    style.apply()
    augmentations = style.read_augmentations(arguments.augmentations)
    table = pd.read_csv(arguments.distance, index_col="augmentation")
    names = [augmentation.name for augmentation in augmentations]
    figure = dendrogram.dendrogram(table.loc[names, names].to_numpy(), augmentations)
    style.save(figure, arguments.pdf, arguments.png)


if __name__ == "__main__":
    cli.run(main)
