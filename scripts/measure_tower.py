"""Count the work of an encoder's image tower per view, and the size of its files."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"  # The architecture is enough; no weights are needed.

import dataclasses
import json

from embedding_shift import cli
from embedding_shift.io import atomic
from embedding_shift.performance import encoder_counting


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--model", type=json.loads, required=True, help="its entry in the configuration, as JSON")
    parser.add_argument("--bundle", required=True, help="folder of its bundle, which need not exist")
    parser.add_argument("--output", required=True, help="JSON to write")
    arguments = parser.parse_args()
    cost = encoder_counting.count(arguments.model, arguments.bundle)
    atomic.write_text(arguments.output, json.dumps(dataclasses.asdict(cost), indent=2) + "\n")


if __name__ == "__main__":
    cli.run(main)
