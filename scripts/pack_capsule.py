"""Pack a capsule: everything that rebuilds the figures and the paper of a finished run without images and encoder."""

import sys
from pathlib import Path

from embedding_shift import cli, results
from embedding_shift.handover import capsule


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--results", default="results", help="folder of a finished run")
    parser.add_argument("--project", default=".", help="folder of the project")
    parser.add_argument("--output", required=True, help="tar.gz to write")
    parser.epilog = "Standard input is the output of `snakemake --dry-run --printshellcmds --forceall`."
    arguments = parser.parse_args()
    run = results.read(arguments.results)
    capsule.pack(run, Path(arguments.project).resolve(), sys.stdin.read(), Path(arguments.output))


if __name__ == "__main__":
    cli.run(main)
