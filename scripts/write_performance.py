"""Write a benchmark's tables into docs/performance.md, between its two marks."""

import pandas as pd

from embedding_shift import cli
from embedding_shift.io import generated_text
from embedding_shift.performance.benchmark import report


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--bench", required=True, help="bench.csv")
    parser.add_argument("--page", default="docs/performance.md", help="Markdown to change in place")
    arguments = parser.parse_args()
    generated_text.replace_in(arguments.page, "bench", report.as_markdown(pd.read_csv(arguments.bench)))


if __name__ == "__main__":
    cli.run(main)
