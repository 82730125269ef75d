"""Check that an installed LaTeX can typeset the paper; otherwise fail with the names of what is missing."""

from pathlib import Path

from embedding_shift import cli
from embedding_shift.paper import build


def main():
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--source", type=Path, default=Path("paper/main.tex"), help="LaTeX file that names the packages"
    )
    arguments = parser.parse_args()
    build.program(arguments.source)


if __name__ == "__main__":
    cli.run(main)
