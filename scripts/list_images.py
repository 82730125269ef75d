"""List the images of a dataset without decoding them."""

from dataclasses import asdict

from embedding_shift import cli
from embedding_shift.data import counterparts
from embedding_shift.data.listing import LEFT_OUT_COLUMNS, LISTING_COLUMNS, Listing, columns_in_use
from embedding_shift.data.sources import csv_table, folder, url_table, webdataset
from embedding_shift.io import tables


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--kind", choices=["csv", "folder", "pairs", "tsv", "webdataset"], required=True, help="kind of dataset"
    )
    parser.add_argument("--path", required=True, help="table, folder or shards")
    parser.add_argument("--acquisition", help="CSV file with the outcomes of the URLs; required if there are URLs")
    parser.add_argument("--downloads", help="folder of the fetched contents; required if there are URLs")
    parser.add_argument("--listing", required=True, help="CSV file to write, with every image")
    parser.add_argument("--left-out", required=True, help="CSV file to write, with the number of other files by reason")
    arguments = parser.parse_args()
    found = listed(arguments.kind, arguments.path, arguments.acquisition, arguments.downloads)
    columns = columns_in_use(LISTING_COLUMNS, (image.label for image in found.images))
    tables.write_rows(arguments.listing, columns, map(asdict, found.images))
    tables.write_rows(arguments.left_out, LEFT_OUT_COLUMNS, map(asdict, found.left_out))


def listed(kind: str, path: str, acquisition: str, downloads: str) -> Listing:
    """Return the listing of a dataset of any kind; of pairs, that of the originals."""
    if kind == "pairs":
        return counterparts.list_originals(path)
    if kind == "folder":
        return folder.list_images(path)
    if kind == "csv":
        return csv_table.list_images(path)
    if kind == "tsv":
        return url_table.list_images(path, acquisition, downloads)
    return webdataset.list_images(path, acquisition, downloads)


if __name__ == "__main__":
    cli.run(main)
