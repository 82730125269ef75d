"""Replace the generated tables of docs/performance.md by those of a benchmark."""

from embedding_shift import cli
from embedding_shift.io import generated_text, tables
from embedding_shift.performance.benchmark import report


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--bench", required=True, help="CSV, results of a benchmark")
    parser.add_argument("--page", default="docs/performance.md", help="Markdown page to change in place")
    arguments = parser.parse_args()
    generated_text.replace_in(arguments.page, "bench", report.as_markdown(tables.read_csv(arguments.bench)))


if __name__ == "__main__":
    cli.run(main)
