"""Check that an installed LaTeX can typeset the paper; otherwise fail with the names of what is missing."""

from embedding_shift import cli
from embedding_shift.paper import build

SOURCES = ["paper/main.tex", "paper/figures/method.tex"]


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--sources", nargs="+", default=SOURCES, help="LaTeX files that name the class and the packages"
    )
    for source in parser.parse_args().sources:
        build.program(source)


if __name__ == "__main__":
    cli.run(main)
