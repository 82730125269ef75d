"""Draw the cosine similarity of sampled images under every augmentation."""

from embedding_shift import cli
from embedding_shift.io import tables
from embedding_shift.plots import cosine_samples, style


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--metrics", required=True, help="Parquet, the long table")
    parser.add_argument("--samples", type=int, required=True, help="images to show")
    style.add_arguments(parser)
    arguments = parser.parse_args()
    style.apply()
    augmentations = style.read_augmentations(arguments.augmentations)
    long_table = tables.read_parquet([arguments.metrics])
    figure = cosine_samples.cosine_samples(long_table, augmentations, arguments.samples)
    style.save(figure, arguments.pdf, arguments.png)


if __name__ == "__main__":
    cli.run(main)
