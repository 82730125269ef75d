"""Write the weights that the analysis of an encoder's mechanism needs."""

import os

from embedding_shift import cli
from embedding_shift.compat import open_clip_import
from embedding_shift.encoders.towers import tower_export, tower_loading


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--bundle", required=True, help="folder of the open_clip bundle")
    parser.add_argument("--output", required=True, help="npz file to write")
    arguments = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"  # The bundle holds everything.
    open_clip_import.import_open_clip(needs_timm=tower_loading.uses_timm(arguments.bundle))
    tower_export.export(arguments.bundle, arguments.output)


if __name__ == "__main__":
    cli.run(main)
