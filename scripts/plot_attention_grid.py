"""Draw a page of images: their views, and under each view the attention on it."""

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
    parser.add_argument("--page", type=int, required=True, help="number of this page, from 1")
    parser.add_argument("--pages", type=int, required=True, help="number of pages")
    parser.add_argument("--pdf", required=True, help="PDF to write")
    parser.add_argument("--png", required=True, help="PNG to write")
    arguments = parser.parse_args()
    style.apply()
    augmentations = style.read_augmentations(arguments.augmentations)
    names = ["original", *(augmentation.name for augmentation in augmentations)]
    all_ids = samples.read_image_ids(arguments.manifest)
    image_ids = samples.page_of(all_ids, arguments.page, arguments.pages)
    views = samples.read_views(arguments.views_folder, arguments.shards, names, image_ids)
    attention = samples.read_attention(arguments.attention_folder, names, image_ids)
    figure = samples.draw_grid(augmentations, samples.samples(image_ids, views, attention), len(all_ids))
    style.save(figure, arguments.pdf, arguments.png)


if __name__ == "__main__":
    cli.run(main)
