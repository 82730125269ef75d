"""Check that an installed LaTeX can typeset the paper and the figure of the method, or name what is missing."""

from pathlib import Path

from embedding_shift import cli
from embedding_shift.paper import build

SOURCES = [Path("paper/main.tex"), Path("paper/figures/method.tex")]


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--sources", type=Path, nargs="+", default=SOURCES, help="LaTeX files that name the packages")
    arguments = parser.parse_args()
    for source in arguments.sources:
        build.program(source)


if __name__ == "__main__":
    cli.run(main)
