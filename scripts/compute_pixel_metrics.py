"""Compute the pixel metrics of one shard under one augmentation."""

from embedding_shift import command_line, long_table, tables


def main():
    parser = command_line.parser(__doc__)
    parser.add_argument("--originals", required=True, help="tar of the original views")
    parser.add_argument("--views", required=True, help="tar of the augmented views")
    parser.add_argument("--augmentation", required=True, help="its name")
    parser.add_argument("--output", required=True, help="Parquet to write")
    arguments = parser.parse_args()
    rows = long_table.pixel_rows(arguments.originals, arguments.views, arguments.augmentation)
    tables.write_parquet(arguments.output, rows)


if __name__ == "__main__":
    command_line.run(main)
