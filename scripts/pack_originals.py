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
    shards.write_selected(arguments.output, arguments.ingested, used)


if __name__ == "__main__":
    cli.run(main)
