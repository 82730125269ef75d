"""Count what one view costs in an encoder's image tower, and what the encoder takes on the disk."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"  # The architecture is enough.

import json

from embedding_shift import cli
from embedding_shift.io import atomic
from embedding_shift.performance import encoder_cost


def main():
    parser = cli.parser(__doc__)
    parser.add_argument("--model", type=json.loads, required=True, help="its entry in the configuration, as JSON")
    parser.add_argument("--bundle", required=True, help="folder that its bundle has, or will have")
    parser.add_argument("--output", required=True, help="JSON to write")
    arguments = parser.parse_args()
    described = encoder_cost.describe(arguments.model, arguments.bundle)
    atomic.write_text(arguments.output, json.dumps(described, indent=2) + "\n")


if __name__ == "__main__":
    cli.run(main)
