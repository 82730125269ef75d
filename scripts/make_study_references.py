"""Choose the study's images and store them unchanged and as JPEG."""

from embedding_shift import cli
from embedding_shift.io import shards, tables
from embedding_shift.study import references


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--manifest", required=True, help="CSV of the images")
    parser.add_argument("--originals", nargs="+", required=True, help="tars of the original views, by shard")
    parser.add_argument("--images", type=int, required=True, help="images of the study")
    parser.add_argument("--output", required=True, help="tar to write")
    arguments = parser.parse_args()
    image_ids = references.choose(tables.read_rows(arguments.manifest), arguments.images)
    originals = shards.read_selected(arguments.originals, image_ids)
    shards.write(arguments.output, references.references(originals.values()))


if __name__ == "__main__":
    cli.run(main)
