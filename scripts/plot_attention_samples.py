"""Draw where the encoder looks in a few images, and in each of their augmented views."""

from embedding_shift import cli
from embedding_shift.plots import style
from embedding_shift.plots.pictures import samples


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--manifest", required=True, help="CSV of the images")
    parser.add_argument("--augmentations", required=True, help="CSV of the augmentations")
    parser.add_argument("--views-folder", required=True, help="folder with a folder of shards per view")
    parser.add_argument("--shards", type=int, required=True, help="number of shards")
    parser.add_argument("--attention-folder", required=True, help="folder with the attention file (npz) of every view")
    parser.add_argument("--metrics", required=True, help="Parquet, the long table")
    parser.add_argument("--images", type=int, required=True, help="how many images to show")
    parser.add_argument("--pdf", required=True, help="PDF to write")
    parser.add_argument("--png", required=True, help="PNG to write")
    arguments = parser.parse_args()
    style.apply()
    augmentations = style.read_augmentations(arguments.augmentations)
    names = ["original", *(augmentation.name for augmentation in augmentations)]
    image_ids = samples.evenly_spread(samples.read_image_ids(arguments.manifest), arguments.images)
    views = samples.read_views(arguments.views_folder, arguments.shards, names, image_ids)
    attention = samples.read_attention(arguments.attention_folder, names, image_ids)
    cosine = samples.read_cosine(arguments.metrics, image_ids)
    figure = samples.draw_samples(augmentations, samples.samples(image_ids, views, attention, cosine))
    style.save(figure, arguments.pdf, arguments.png)


if __name__ == "__main__":
    cli.run(main)
