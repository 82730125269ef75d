"""Fit the weights of a checkpoint file to the image tower of an architecture of open_clip."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from torch import Size

from embedding_shift.config.entries import ModelSource
from embedding_shift.encoders.bundle_files import BundleConfig, FileSource, State
from embedding_shift.encoders.sources import checkpoint_files, open_clip_names
from embedding_shift.encoders.towers import tower_loading
from embedding_shift.errors import InputError, warn
from embedding_shift.io import atomic

IMAGE_TOWER = "visual."
LORA_ADAPTER = (
    "the weights of a LoRA adapter, which only change those of another model; merge both with the library that trained "
    "it (in PEFT: `merge_and_unload()`), and save the `state_dict()` of the result"
)
# Parts of names by which frequent kinds of files are recognised that hold other weights than those of open_clip.
OTHER_WEIGHTS = {
    "lora_": LORA_ADAPTER,
    "vision_model.encoder.layers.": (
        "the weights of a model of transformers, which have other names than in open_clip; use the same model from "
        "open_clip, or convert its names"
    ),
}


class Checkpoint(NamedTuple):
    """The content of a checkpoint file.

    Attributes:
        config: open_clip's configuration of the architecture, and the preprocessing.
        state: the weights by open_clip's names, in the precision of the file.
        source: the SHA-256 of the file.
    """

    config: BundleConfig
    state: State
    source: FileSource


def read(model: ModelSource) -> Checkpoint:
    """Read a checkpoint file.

    The file may hold a whole model or its image tower alone, in nested dictionaries and with any prefix, such as the
    `module.` of DistributedDataParallel.

    Args:
        model: the model's entry in the configuration, with the keys of kind `checkpoint`.

    Raises:
        InputError: the architecture does not exist, or the file does not hold the weights of its image tower.
    """
    name, path, tag = model["name"], model["path"], model.get("pretrained")
    model_cfg = open_clip_names.architecture(name)
    preprocessing = open_clip_names.preprocessing(name, tag)
    tower: Any = tower_loading.build_without_weights(model_cfg)
    found = checkpoint_files.read(path)
    prefix = find_tower(found, {key: weights.shape for key, weights in tower.state_dict().items()}, name, path)
    twin = open_clip_names.twin(name)
    if twin and not tag and {"gelu", "quickgelu"} & set(tower_loading.activations(tower)):
        warn(
            f"{path} is read as {name!r}. {twin!r} has the same weights with another activation, so the file cannot "
            "show which one is right; the wrong one gives wrong embeddings. With `pretrained`, the run checks it."
        )
    config: BundleConfig = {"model_cfg": model_cfg, "preprocess_cfg": preprocessing | {"size": tower.image_size}}
    return Checkpoint(config, _renamed(found, prefix), {"file_sha256": atomic.sha256(Path(path))})


def find_tower(found: State, expected: Mapping[str, Size], name: str, path: str) -> str:
    """Return the prefix under which a checkpoint holds every weight of an image tower, and no other.

    Args:
        found: the weights of the checkpoint.
        expected: the shapes of the tower's weights.
        name: name of the architecture, for messages.
        path: path of the checkpoint, for messages.

    Raises:
        InputError: there is no such prefix or more than one, or the shapes differ.
    """
    counts = _prefixes(found, expected)
    complete = [prefix for prefix, count in counts.items() if count == len(expected)]
    if len(complete) > 1:
        listed = " and ".join(f"{prefix!r}" for prefix in complete)
        raise InputError(
            f"{path} holds the image tower of {name!r} more than once, under {listed}; save one of them alone"
        )
    if not complete:
        raise InputError(f"{path} {_incomplete(found, expected, counts, name)}")
    (prefix,) = complete
    further = [key for key in found if key.startswith(prefix) and key.removeprefix(prefix) not in expected]
    if further:
        raise InputError(
            f"{path} holds weights that the image tower of {name!r} does not have, such as {further[0]!r}: "
            "it has another architecture"
        )
    for key, shape in expected.items():
        other = found[prefix + key].shape
        if other != shape:
            raise InputError(
                f"{path}: {prefix + key!r} has the shape {list(other)}, in {name!r} it has {list(shape)}: "
                "it has another architecture"
            )
    return prefix


def _prefixes(found: State, expected: Mapping[str, Size]) -> Counter[str]:
    """Return how many of the tower's weights there are under each prefix."""
    counts: Counter[str] = Counter()
    for key in found:
        parts = key.split(".")
        for cut in range(len(parts)):
            if ".".join(parts[cut:]) in expected:
                counts["".join(f"{part}." for part in parts[:cut])] += 1
    return counts


def _incomplete(found: State, expected: Mapping[str, Size], counts: Counter[str], name: str) -> str:
    """Return what a file holds instead of all weights of a tower."""
    for part, description in OTHER_WEIGHTS.items():
        if any(part in key for key in found):
            return f"holds {description}"
    if not counts:
        first = ", ".join(list(found)[:3]) or "none"
        return f"holds no weight of the image tower of {name!r}; its first weights are {first}"
    prefix, count = counts.most_common(1)[0]
    missing = next(key for key in expected if prefix + key not in found)
    return (
        f"holds {count} of the {len(expected)} weights of the image tower of {name!r}; {prefix + missing!r} is "
        "missing: it has another architecture or is not complete"
    )


def _renamed(found: State, prefix: str) -> State:
    """Return the weights by open_clip's names: those of the whole model, or of the image tower if it is alone."""
    whole = prefix.removesuffix(IMAGE_TOWER)
    new = IMAGE_TOWER if whole == prefix else ""
    # safetensors does not save tensors that share memory.
    return {
        new + key.removeprefix(whole): weights.clone().contiguous()
        for key, weights in found.items()
        if key.startswith(whole)
    }
