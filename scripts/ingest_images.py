"""Decode, check and resize the images of one shard."""

from collections.abc import Iterator
from dataclasses import asdict

from embedding_shift import cli
from embedding_shift.data import resizing
from embedding_shift.data.ingestion import ingest
from embedding_shift.data.listing import ListedImage, columns_in_use
from embedding_shift.data.manifest import INGESTED_COLUMNS, IngestedImage
from embedding_shift.io import shards, tables


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--listing", required=True, help="CSV file of all images of the dataset")
    parser.add_argument("--shard", type=int, required=True, help="index of this shard, from 0")
    parser.add_argument("--shards", type=int, required=True, help="number of shards")
    parser.add_argument("--image-size", type=int, required=True, help="side of the views in pixels")
    parser.add_argument("--resize", choices=resizing.METHODS, required=True, help="how images are resized")
    parser.add_argument("--max-pixels", type=int, required=True, help="largest number of pixels of a usable image")
    parser.add_argument("--threads", type=int, default=1, help="number of threads that share the images")
    parser.add_argument("--output-shard", required=True, help="tar to write, with the views of the usable images")
    parser.add_argument("--output-table", required=True, help="CSV file to write, with all images of the shard")
    arguments = parser.parse_args()
    listing = (ListedImage(**row) for row in tables.read_rows(arguments.listing))
    images = [image for image in listing if shards.shard_of(image.image_id, arguments.shards) == arguments.shard]
    ingested: list[IngestedImage] = []

    def usable_views() -> Iterator[shards.View]:
        options = arguments.image_size, arguments.max_pixels, arguments.resize, arguments.threads
        for image, view in ingest(images, *options):
            ingested.append(image)
            if view is not None:
                yield view

    shards.write(arguments.output_shard, usable_views())
    columns = columns_in_use(INGESTED_COLUMNS, (image.label for image in ingested))
    tables.write_rows(arguments.output_table, columns, map(asdict, ingested))


if __name__ == "__main__":
    cli.run(main)
