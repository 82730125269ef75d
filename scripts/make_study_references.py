"""Choose the study's images and store them unchanged and as JPEG."""

from embedding_shift import cli
from embedding_shift.io import shards, tables
from embedding_shift.study import references


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--manifest", required=True, help="CSV file of the images")
    parser.add_argument("--originals", nargs="+", required=True, help="tar files of the original views, by shard")
    parser.add_argument("--images", type=int, required=True, help="number of images in the study")
    parser.add_argument("--output", required=True, help="tar file to write")
    arguments = parser.parse_args()
    image_ids = references.choose(tables.read_rows(arguments.manifest), arguments.images)
    originals = shards.read_selected(arguments.originals, image_ids)
    shards.write(arguments.output, references.references(originals.values()))


if __name__ == "__main__":
    cli.run(main)
