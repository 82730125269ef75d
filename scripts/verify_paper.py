"""Say whether a PDF and a results folder belong together, and which tables and numbers do not."""

import sys

from embedding_shift import cli, results
from embedding_shift.provenance import verify

SHOWN = 20


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--pdf", required=True, help="paper of a run")
    parser.add_argument("--results", default="results", help="folder of a finished run")
    arguments = parser.parse_args()
    run = results.read(arguments.results)
    found = verify.problems(run, arguments.pdf)
    for problem in found[:SHOWN]:
        print(problem)
    if len(found) > SHOWN:
        print(f"… and {len(found) - SHOWN} more")
    if found:
        sys.exit(f"error: {arguments.pdf} and {arguments.results} do not belong together, or were changed since")
    print(f"{arguments.pdf} and {arguments.results} belong together: run {run.record.run_id}, every number agrees")


if __name__ == "__main__":
    cli.run(main)
