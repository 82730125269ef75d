"""Pack the sources of the paper for arXiv: LaTeX files, generated tables, figures as PDF, and the bibliography."""

from embedding_shift import cli
from embedding_shift.handover import paper_source


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--paper-folder", required=True, help="folder of main.tex, sections/ and references.bib")
    parser.add_argument("--numbers", required=True, help="LaTeX file of the macros")
    parser.add_argument("--tables", nargs="+", required=True, help="LaTeX files of the tables")
    parser.add_argument("--figures", nargs="+", required=True, help="figures as PDF")
    parser.add_argument("--output", required=True, help="tar.gz to write")
    arguments = parser.parse_args()
    paper_source.pack(arguments.paper_folder, arguments.numbers, arguments.tables, arguments.figures, arguments.output)


if __name__ == "__main__":
    cli.run(main)
