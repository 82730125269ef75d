"""Choose the study's images and store them unchanged, resized by the other method, and as JPEG."""

from embedding_shift import cli
from embedding_shift.data import resizing
from embedding_shift.data.listing import ListedImage
from embedding_shift.io import shards, tables
from embedding_shift.study.variants import other_resize, reference_views


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--manifest", required=True, help="CSV file of the images")
    parser.add_argument("--originals", nargs="+", required=True, help="tar files of the original views, by shard")
    parser.add_argument("--listing", required=True, help="CSV file of all images of the dataset")
    parser.add_argument("--resize", choices=resizing.METHODS, required=True, help="how the original views were resized")
    parser.add_argument("--max-pixels", type=int, required=True, help="largest number of pixels of a usable image")
    parser.add_argument("--images", type=int, required=True, help="number of images in the study")
    parser.add_argument("--output", required=True, help="tar file to write")
    arguments = parser.parse_args()
    image_ids = reference_views.choose(tables.read_rows(arguments.manifest), arguments.images)
    originals = shards.read_selected(arguments.originals, image_ids).values()
    listing = {row["image_id"]: ListedImage(**row) for row in tables.read_rows(arguments.listing)}
    others = other_resize.resized_otherwise(originals, listing, arguments.max_pixels, arguments.resize)
    shards.write(arguments.output, reference_views.references(originals, others))


if __name__ == "__main__":
    cli.run(main)
