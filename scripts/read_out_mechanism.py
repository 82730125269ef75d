"""Write one table about how an embedding shift comes about inside the encoder."""

from embedding_shift import cli
from embedding_shift.io import tables
from embedding_shift.mechanism import arguments as captured_arguments
from embedding_shift.mechanism import registry


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--read-out", required=True, help="name of a module in embedding_shift/mechanism/readouts")
    captured_arguments.add_arguments(parser)
    parser.add_argument("--output", required=True, help="CSV file to write")
    arguments = parser.parse_args()
    read_out = registry.find(arguments.read_out)
    rows = read_out.function(captured_arguments.captured_views(arguments), captured_arguments.settings(arguments))
    tables.write_rows(arguments.output, read_out.columns, rows)


if __name__ == "__main__":
    cli.run(main)
