"""Record what identifies a run: its configuration, code, data, encoders, versions, and the hashes of its tables."""

import json
from pathlib import Path

from embedding_shift import cli
from embedding_shift.results import record


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--project", required=True, help="folder of the project")
    parser.add_argument("--configuration", type=json.loads, required=True, help="validated configuration, as JSON")
    parser.add_argument("--datasets", nargs="+", required=True, help="names of the datasets")
    parser.add_argument("--manifests", nargs="+", required=True, help="manifest.csv of every dataset")
    parser.add_argument("--models", nargs="+", required=True, help="names of the encoders")
    parser.add_argument("--provenances", nargs="+", required=True, help="provenance.json of every encoder")
    parser.add_argument("--tables", nargs="+", required=True, help="every table of the run")
    parser.add_argument("--environments", nargs="+", required=True, help="environment files, whose pins are recorded")
    parser.add_argument("--sources", nargs="+", required=True, help="source files that the results depend on")
    parser.add_argument("--rules", type=json.loads, required=True, help="JSON, patterns of output files by rule")
    parser.add_argument("--paper", type=json.loads, required=True, help="JSON, inputs and parameters of the paper")
    parser.add_argument("--output", required=True, help="JSON file to write, in the results folder")
    parser.add_argument("--latex", required=True, help="LaTeX file to write, for the metadata of the paper")
    arguments = parser.parse_args()
    found = record.identified(
        Path(arguments.output).parent,
        arguments.project,
        arguments.configuration,
        arguments.sources,
        dict(zip(arguments.datasets, arguments.manifests, strict=True)),
        dict(zip(arguments.models, arguments.provenances, strict=True)),
        arguments.environments,
        arguments.tables,
        arguments.rules,
        arguments.paper,
    )
    record.write(arguments.output, found)
    record.write_latex(arguments.latex, found)


if __name__ == "__main__":
    cli.run(main)
