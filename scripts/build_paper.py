"""Typeset the paper as PDF with latexmk, or with tectonic where LaTeX is incomplete."""

from embedding_shift import cli
from embedding_shift.paper import build


def main():
    parser = cli.parser(__doc__)
    build.add_arguments(parser)
    parser.add_argument("--output", required=True, help="PDF to write")
    arguments = parser.parse_args()
    build.build(*build.sources(arguments), arguments.output)


if __name__ == "__main__":
    cli.run(main)
