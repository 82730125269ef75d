"""Write the original views of one shard: those of its images that are in the manifest."""

from embedding_shift import cli
from embedding_shift.io import shards, tables


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--manifest", required=True, help="CSV file of the images that are used")
    parser.add_argument("--ingested", required=True, help="tar with the views of the usable images of this shard")
    parser.add_argument("--output", required=True, help="tar to write")
    arguments = parser.parse_args()
    used = {row["image_id"] for row in tables.read_rows(arguments.manifest)}
    views = (view for view in shards.read(arguments.ingested) if view.image_id in used)
    shards.write(arguments.output, views)


if __name__ == "__main__":
    cli.run(main)
