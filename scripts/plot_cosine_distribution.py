"""Draw the distribution of cosine similarity of every augmentation."""

from embedding_shift import cli
from embedding_shift.io import tables
from embedding_shift.plots import distributions, style


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--metrics", required=True, help="Parquet, the long table")
    style.add_arguments(parser)
    arguments = parser.parse_args()
    style.apply()
    augmentations = style.read_augmentations(arguments.augmentations)
    long_table = tables.read_parquet([arguments.metrics])
    figure = distributions.cosine_distribution(long_table, augmentations)
    style.save(figure, arguments.pdf, arguments.png)


if __name__ == "__main__":
    cli.run(main)
