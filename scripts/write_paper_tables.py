"""Write the paper's tables as LaTeX, one file each."""

from pathlib import Path

from embedding_shift import cli
from embedding_shift.io import atomic
from embedding_shift.paper import reading
from embedding_shift.paper.tables import result_tables


def main() -> None:
    parser = cli.parser(__doc__)
    reading.add_arguments(parser)
    parser.add_argument("--environments", nargs="+", required=True, help="conda environment files")
    parser.add_argument("--output-folder", type=Path, required=True, help="folder for the LaTeX files")
    arguments = parser.parse_args()
    for name, text in result_tables.all_tables(reading.read(arguments), arguments.environments).items():
        atomic.write_text(arguments.output_folder / f"{name}.tex", text)


if __name__ == "__main__":
    cli.run(main)
