"""Write the documentation page of the configuration, which describes every key, from the schema."""

from pathlib import Path

import yaml

from embedding_shift import cli
from embedding_shift.config import description
from embedding_shift.io import atomic


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--schema", type=Path, required=True, help="YAML file of the schema")
    parser.add_argument("--output", required=True, help="Markdown file to write")
    arguments = parser.parse_args()
    atomic.write_text(arguments.output, description.describe(yaml.safe_load(arguments.schema.read_text())))


if __name__ == "__main__":
    cli.run(main)
