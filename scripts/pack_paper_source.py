"""Pack the sources of the paper for arXiv: LaTeX files, generated tables, figures as PDF, and the bibliography."""

from embedding_shift import cli
from embedding_shift.handover import paper_source
from embedding_shift.paper import build


def main() -> None:
    parser = cli.parser(__doc__)
    build.add_arguments(parser)
    parser.add_argument("--output", required=True, help="tar.gz to write")
    arguments = parser.parse_args()
    paper_source.pack(*build.sources(arguments), arguments.output)


if __name__ == "__main__":
    cli.run(main)
