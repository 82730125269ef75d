"""List the images of a dataset, without opening them."""

from embedding_shift import command_line, manifest, tables


def main():
    parser = command_line.parser(__doc__)
    parser.add_argument("--kind", choices=["csv", "folder"], required=True, help="kind of the dataset")
    parser.add_argument("--path", required=True, help="the table or the folder")
    parser.add_argument("--output", required=True, help="CSV to write")
    arguments = parser.parse_args()
    list_images = {"csv": manifest.list_table, "folder": manifest.list_folder}[arguments.kind]
    tables.write_rows(arguments.output, manifest.LISTING_COLUMNS, list_images(arguments.path))


if __name__ == "__main__":
    command_line.run(main)
