"""Draw the labels that LaTeX cannot typeset, as pages of a PDF, and write the LaTeX that places them."""

from embedding_shift import cli
from embedding_shift.paper import drawn_texts


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--sources", nargs="+", required=True, help="LaTeX files that contain such labels")
    parser.add_argument("--pdf", required=True, help="PDF to write, a page for each piece of text")
    parser.add_argument("--definitions", required=True, help="LaTeX file to write")
    arguments = parser.parse_args()
    drawn_texts.write(arguments.sources, arguments.pdf, arguments.definitions)


if __name__ == "__main__":
    cli.run(main)
