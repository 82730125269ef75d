"""List the images of a dataset, without decoding them."""

from embedding_shift import cli
from embedding_shift.data import manifest, sources
from embedding_shift.io import tables


def main():
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--kind", choices=["csv", "folder", "tsv", "webdataset"], required=True, help="kind of the dataset"
    )
    parser.add_argument("--path", required=True, help="the table, the folder or the shards")
    parser.add_argument("--acquisition", help="CSV of what became of the URLs; needed where there are any")
    parser.add_argument("--downloads", help="folder of what was fetched from the URLs; needed where there are any")
    parser.add_argument("--output", required=True, help="CSV to write")
    arguments = parser.parse_args()
    rows = listing(arguments.kind, arguments.path, arguments.acquisition, arguments.downloads)
    tables.write_rows(arguments.output, manifest.LISTING_COLUMNS, rows)


def listing(kind, path, acquisition, downloads):
    """Return the listing of a dataset of any kind."""
    if kind == "folder":
        return manifest.list_folder(path)
    if kind == "csv":
        return manifest.list_table(path)
    list_fetched = {"tsv": sources.list_urls, "webdataset": sources.list_shards}[kind]
    return list_fetched(path, acquisition, downloads)


if __name__ == "__main__":
    cli.run(main)
