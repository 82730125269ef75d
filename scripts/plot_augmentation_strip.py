"""Draw one image and its augmented views in a row."""

from embedding_shift import cli
from embedding_shift.plots import style
from embedding_shift.plots.pictures import samples


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--manifest", required=True, help="CSV of the images")
    parser.add_argument("--augmentations", required=True, help="CSV of the augmentations")
    parser.add_argument("--views-folder", required=True, help="folder with a folder of shards per view")
    parser.add_argument("--shards", type=int, required=True, help="number of shards")
    parser.add_argument("--image", help="id of the image to show; the first one when left out")
    parser.add_argument("--pdf", required=True, help="PDF to write")
    parser.add_argument("--png", required=True, help="PNG to write")
    arguments = parser.parse_args()
    style.apply()
    augmentations = style.read_augmentations(arguments.augmentations)
    names = ["original", *(augmentation.name for augmentation in augmentations)]
    image_id = samples.strip_image(arguments.manifest, arguments.image)
    views = samples.read_views(arguments.views_folder, arguments.shards, names, [image_id])
    figure = samples.draw_strip(augmentations, {name: by_id[image_id] for name, by_id in views.items()})
    style.save(figure, arguments.pdf, arguments.png)


if __name__ == "__main__":
    cli.run(main)
