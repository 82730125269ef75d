"""Write the manifest of the images that are used, and the table of rejected images and other files."""

from dataclasses import asdict

from embedding_shift import cli
from embedding_shift.data import manifest, pinning
from embedding_shift.data.listing import LeftOut, columns_in_use
from embedding_shift.io import tables


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--ingested", nargs="+", required=True, help="CSV files of all shards")
    parser.add_argument("--left-out", required=True, help="CSV file with the number of other files by reason")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--n-images", type=int, help="use this many of the usable images; all if omitted")
    choice.add_argument("--pin", help="CSV file (image_id, sha256) of exactly the images to use")
    parser.add_argument("--keep-duplicates", action="store_true", help="use every image with the same pixels, not one")
    parser.add_argument("--manifest", required=True, help="CSV file to write")
    parser.add_argument("--rejects", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    rows = (row for path in arguments.ingested for row in tables.read_rows(path))
    ingested = [manifest.IngestedImage.from_row(row) for row in rows]
    pinned = pinning.read(arguments.pin) if arguments.pin else {}
    if not arguments.keep_duplicates:
        ingested = manifest.without_duplicates(ingested, first=pinned)
    chosen, rejected = manifest.select(ingested, arguments.n_images)
    if pinned:
        chosen = pinning.select(ingested, pinned)
    left_out = [LeftOut(**row) for row in tables.read_rows(arguments.left_out)]
    if unused := len(ingested) - len(rejected) - len(chosen):
        left_out.append(LeftOut("", "usable, but not pinned" if pinned else "usable, but not chosen", unused))
    columns = columns_in_use(manifest.MANIFEST_COLUMNS, (image.label for image in chosen))
    tables.write_rows(arguments.manifest, columns, map(asdict, chosen))
    tables.write_rows(arguments.rejects, manifest.REJECT_COLUMNS, manifest.reject_rows(rejected, left_out))


if __name__ == "__main__":
    cli.run(main)
