"""Make the open_clip bundle of an encoder: `open_clip_config.json`, `open_clip_model.safetensors`, `provenance.json`."""

import json
import os
import shutil
from pathlib import Path

from embedding_shift import files
from embedding_shift.encoders import CONFIG_FILE, WEIGHTS_FILE
from embedding_shift.errors import InputError

PROVENANCE_FILE = "provenance.json"


def write(folder, config, state, provenance):
    """Write a bundle from its parts.

    Args:
        folder: where.
        config: {"model_cfg": …, "preprocess_cfg": …} of open_clip.
        state: {name: tensor}, complete and contiguous.
        provenance: where the weights come from, as JSON values.
    """
    from safetensors.torch import save_file

    with files.whole(Path(folder) / WEIGHTS_FILE) as temporary:
        save_file(state, temporary)
    _finish(folder, config, provenance)


def copy(source, folder):
    """Make a bundle from the bundle folder `source`, its weights by a hard link where that is possible.

    Raises:
        InputError: `source` is no bundle.
    """
    source = Path(source)
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (source / name).is_file():
            raise InputError(f"{source} is no open_clip bundle: it has no {name}")
    try:
        config = json.loads((source / CONFIG_FILE).read_text())
    except ValueError as error:
        raise InputError(f"{source / CONFIG_FILE} is not JSON: {error}") from None
    with files.whole(Path(folder) / WEIGHTS_FILE) as temporary:
        try:
            os.link((source / WEIGHTS_FILE).resolve(), temporary)
        except OSError:
            shutil.copyfile(source / WEIGHTS_FILE, temporary)
    _finish(folder, config, {"kind": "local-dir", "sha256": files.sha256(source / WEIGHTS_FILE)})


def _finish(folder, config, provenance):
    files.write_text(Path(folder) / CONFIG_FILE, json.dumps(config, indent=2) + "\n")
    files.write_text(Path(folder) / PROVENANCE_FILE, json.dumps(provenance, indent=2, sort_keys=True) + "\n")
