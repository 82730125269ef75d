"""List the counterpart of every original of given pairs, without decoding it."""

from dataclasses import asdict

from embedding_shift import cli
from embedding_shift.data import counterparts
from embedding_shift.data.listing import LEFT_OUT_COLUMNS, LISTING_COLUMNS, ListedImage, columns_in_use
from embedding_shift.io import tables


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--originals", required=True, help="CSV file of the listed originals")
    parser.add_argument("--name", required=True, help="name of the counterpart")
    parser.add_argument("--path", required=True, help="folder of the counterparts")
    parser.add_argument("--listing", required=True, help="CSV file to write, with a row for every original")
    parser.add_argument("--left-out", required=True, help="CSV file to write, with all other files by reason")
    arguments = parser.parse_args()
    originals = [ListedImage(**row) for row in tables.read_rows(arguments.originals)]
    found = counterparts.match(originals, arguments.name, arguments.path)
    tables.write_rows(arguments.listing, columns_in_use(LISTING_COLUMNS, []), map(asdict, found.images))
    tables.write_rows(arguments.left_out, LEFT_OUT_COLUMNS, map(asdict, found.left_out))


if __name__ == "__main__":
    cli.run(main)
