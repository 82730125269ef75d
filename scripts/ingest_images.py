"""Decode, check and resize the listed images of one shard."""

from embedding_shift import cli
from embedding_shift.data import manifest
from embedding_shift.io import shards, tables


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--listing", required=True, help="CSV of all images of the dataset")
    parser.add_argument("--shard", type=int, required=True, help="number of this shard")
    parser.add_argument("--shards", type=int, required=True, help="number of shards")
    parser.add_argument("--image-size", type=int, required=True, help="side of the views in pixels")
    parser.add_argument("--max-pixels", type=int, required=True, help="larger images are rejected")
    parser.add_argument("--output-shard", required=True, help="tar of the usable images")
    parser.add_argument("--output-table", required=True, help="CSV of all images of the shard, with reasons")
    arguments = parser.parse_args()
    listing = tables.read_rows(arguments.listing)
    rows = [row for row in listing if shards.shard_of(row["image_id"], arguments.shards) == arguments.shard]
    ingested = []

    def usable_views():
        for row, view in manifest.ingest(rows, arguments.image_size, arguments.max_pixels):
            ingested.append(row)
            if view is not None:
                yield view

    shards.write(arguments.output_shard, usable_views())
    tables.write_rows(arguments.output_table, manifest.INGESTED_COLUMNS, ingested)


if __name__ == "__main__":
    cli.run(main)
