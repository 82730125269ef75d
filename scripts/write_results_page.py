"""Write the entry page of the results in Markdown: claims, ranking, figures, and links to all files."""

from embedding_shift import cli
from embedding_shift.io import atomic
from embedding_shift.paper import reading, results_page


def main() -> None:
    parser = cli.parser(__doc__)
    reading.add_arguments(parser)
    parser.add_argument("--figures", nargs="+", required=True, help="figures to show, in any formats")
    parser.add_argument("--folders", nargs="+", required=True, help="folder of every summary")
    parser.add_argument("--output", required=True, help="Markdown file to write")
    arguments = parser.parse_args()
    inputs = reading.read(arguments)
    page = results_page.write(inputs, arguments.figures, arguments.folders, arguments.output)
    atomic.write_text(arguments.output, page)


if __name__ == "__main__":
    cli.run(main)
