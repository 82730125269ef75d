"""Write the paper's tables as LaTeX, one file each."""

from pathlib import Path

from embedding_shift import command_line, files, paper_inputs, paper_tables


def main():
    parser = command_line.parser(__doc__)
    paper_inputs.add_arguments(parser)
    parser.add_argument("--environments", nargs="+", required=True, help="conda environment files")
    parser.add_argument("--output-folder", type=Path, required=True, help="folder of the LaTeX files to write")
    arguments = parser.parse_args()
    for name, text in paper_tables.all_tables(paper_inputs.read(arguments), arguments.environments).items():
        files.write_text(arguments.output_folder / f"{name}.tex", text)


if __name__ == "__main__":
    command_line.run(main)
