"""Check every configured augmentation, and write the table of their labels, colours and transforms."""

import json

from embedding_shift import cli
from embedding_shift.io import tables
from embedding_shift.views import augmentation_table


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--augmentations", type=json.loads, required=True, help="that key of the configuration, as JSON"
    )
    parser.add_argument("--image-size", type=int, required=True, help="side of a view in pixels")
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    rows = augmentation_table.rows(arguments.augmentations, arguments.image_size)
    tables.write_rows(arguments.output, augmentation_table.COLUMNS, rows)


if __name__ == "__main__":
    cli.run(main)
