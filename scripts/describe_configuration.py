"""Write the page that describes every key of the configuration, from the schema."""

from pathlib import Path

import yaml

from embedding_shift import cli
from embedding_shift.config import validation
from embedding_shift.io import atomic


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--schema", type=Path, required=True, help="schema of the configuration, YAML")
    parser.add_argument("--output", required=True, help="Markdown to write")
    arguments = parser.parse_args()
    atomic.write_text(arguments.output, validation.describe(yaml.safe_load(arguments.schema.read_text())))


if __name__ == "__main__":
    cli.run(main)
