"""Write the given views of one shard: the counterparts of its images that are in the manifest."""

from embedding_shift import cli
from embedding_shift.io import shards, tables
from embedding_shift.views.given_views import given_views


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--manifest", required=True, help="CSV file of the images that are used")
    parser.add_argument("--ingested", required=True, help="tar with the usable counterparts of this shard")
    parser.add_argument("--augmentation", required=True, help="name of the counterpart")
    parser.add_argument("--output", required=True, help="tar to write")
    arguments = parser.parse_args()
    used = {row["image_id"]: row["sha256"] for row in tables.read_rows(arguments.manifest)}
    shards.write(arguments.output, given_views(shards.read(arguments.ingested), arguments.augmentation, used))


if __name__ == "__main__":
    cli.run(main)
