"""Write the manifest of the images that are used and the list of those that are not."""

from embedding_shift import cli
from embedding_shift.data import manifest, pinning
from embedding_shift.io import tables


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--ingested", nargs="+", required=True, help="CSV of every shard")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--n-images", type=int, help="keep this many of the usable images; all when left out")
    choice.add_argument("--pin", help="CSV (image_id, sha256) of the images to use, all of them and no others")
    parser.add_argument("--manifest", required=True, help="CSV to write")
    parser.add_argument("--rejects", required=True, help="CSV to write")
    arguments = parser.parse_args()
    ingested = [row for path in arguments.ingested for row in tables.read_rows(path)]
    chosen, rejects = manifest.select(ingested, arguments.n_images)
    if arguments.pin:
        chosen = pinning.select(ingested, pinning.read(arguments.pin))
    tables.write_rows(arguments.manifest, manifest.MANIFEST_COLUMNS, chosen)
    tables.write_rows(arguments.rejects, manifest.REJECT_COLUMNS, rejects)


if __name__ == "__main__":
    cli.run(main)
