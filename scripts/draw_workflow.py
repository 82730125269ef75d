"""Write the diagram of the workflow into a page, between its two marks, from Snakemake's graph of rules."""

import argparse
import sys

from embedding_shift import cli, workflow_diagram
from embedding_shift.io import generated_text


def main():
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--graph",
        type=argparse.FileType(),
        default=sys.stdin,
        help="output of `snakemake --rulegraph mermaid-js`; by default standard input",
    )
    parser.add_argument("--page", default="README.md", help="Markdown page to change in place")
    arguments = parser.parse_args()
    generated_text.replace_in(arguments.page, "workflow", workflow_diagram.simplified(arguments.graph.read()))


if __name__ == "__main__":
    cli.run(main)
