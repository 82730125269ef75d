"""Write the manifest of the images that are used and the table of rejected images."""

from dataclasses import asdict

from embedding_shift import cli
from embedding_shift.data import manifest, pinning
from embedding_shift.io import tables


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--ingested", nargs="+", required=True, help="CSV files of all shards")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--n-images", type=int, help="use this many of the usable images; all if omitted")
    choice.add_argument("--pin", help="CSV file (image_id, sha256) of exactly the images to use")
    parser.add_argument("--manifest", required=True, help="CSV file to write")
    parser.add_argument("--rejects", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    rows = (row for path in arguments.ingested for row in tables.read_rows(path))
    ingested = [manifest.IngestedImage.from_row(row) for row in rows]
    chosen, rejects = manifest.select(ingested, arguments.n_images)
    if arguments.pin:
        chosen = pinning.select(ingested, pinning.read(arguments.pin))
    tables.write_rows(arguments.manifest, manifest.MANIFEST_COLUMNS, map(asdict, chosen))
    tables.write_rows(arguments.rejects, manifest.REJECT_COLUMNS, map(asdict, rejects))


if __name__ == "__main__":
    cli.run(main)
