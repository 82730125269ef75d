"""Write the manifest of the images that are used, and the table of rejected images and other files."""

from collections.abc import Sequence
from dataclasses import asdict

from embedding_shift import cli
from embedding_shift.data import counterparts, manifest, pinning
from embedding_shift.data.listing import LeftOut, columns_in_use
from embedding_shift.io import tables


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--ingested", nargs="+", required=True, help="CSV files of all shards")
    parser.add_argument(
        "--left-out", nargs="+", required=True, help="CSV files with the number of other files by reason"
    )
    parser.add_argument("--counterpart-names", nargs="*", default=[], help="names of the counterparts of given pairs")
    parser.add_argument("--counterparts", nargs="*", default=[], help="their CSV files of all shards, by name")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--n-images", type=int, help="use this many of the usable images; all if omitted")
    choice.add_argument("--pin", help="CSV file (image_id, sha256) of exactly the images to use")
    parser.add_argument("--keep-duplicates", action="store_true", help="use every image with the same pixels, not one")
    parser.add_argument("--manifest", required=True, help="CSV file to write")
    parser.add_argument("--rejects", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    names = arguments.counterpart_names
    tables_by_name = cli.grouped(arguments.counterparts, len(names)) if names else []
    given = {name: read(paths) for name, paths in zip(names, tables_by_name, strict=True)}
    ingested = counterparts.joined(read(arguments.ingested), given)
    pinned = pinning.read(arguments.pin) if arguments.pin else {}
    if not arguments.keep_duplicates:
        ingested = manifest.without_duplicates(ingested, first=pinned)
    chosen, rejected = manifest.select(ingested, arguments.n_images)
    if pinned:
        chosen = pinning.select(ingested, pinned)
    left_out = [LeftOut(**row) for path in arguments.left_out for row in tables.read_rows(path)]
    if unused := len(ingested) - len(rejected) - len(chosen):
        left_out.append(LeftOut("", "usable, but not pinned" if pinned else "usable, but not chosen", unused))
    columns = columns_in_use(manifest.MANIFEST_COLUMNS, (image.label for image in chosen))
    tables.write_rows(arguments.manifest, columns, map(asdict, chosen))
    tables.write_rows(arguments.rejects, manifest.REJECT_COLUMNS, manifest.reject_rows(rejected, left_out))


def read(paths: Sequence[str]) -> list[manifest.IngestedImage]:
    """Return the images in the CSV files of several shards."""
    return [manifest.IngestedImage.from_row(row) for path in paths for row in tables.read_rows(path)]


if __name__ == "__main__":
    cli.run(main)
