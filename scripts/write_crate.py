"""Describe a results folder as an RO-Crate (Workflow Run Crate), in ro-crate-metadata.json."""

from pathlib import Path

from embedding_shift import cli, results
from embedding_shift.provenance import crate


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--results", default="results", help="folder of a finished run")
    parser.add_argument("--snakefile", default="Snakefile", help="the workflow")
    arguments = parser.parse_args()
    print(crate.write(results.read(arguments.results), Path(arguments.snakefile)))


if __name__ == "__main__":
    cli.run(main)
