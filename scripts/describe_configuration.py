"""Write the page that describes every key of the configuration, from the schema."""

from pathlib import Path

import yaml

from embedding_shift import command_line, configuration, files


def main():
    parser = command_line.parser(__doc__)
    parser.add_argument("--schema", type=Path, required=True, help="schema of the configuration, YAML")
    parser.add_argument("--output", required=True, help="Markdown to write")
    arguments = parser.parse_args()
    files.write_text(arguments.output, configuration.describe(yaml.safe_load(arguments.schema.read_text())))


if __name__ == "__main__":
    command_line.run(main)
