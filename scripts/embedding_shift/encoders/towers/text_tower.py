"""The text tower of a bundle: build it as open_clip does, and load its weights."""

import copy
import json
from pathlib import Path
from typing import Any

from torch import nn

from embedding_shift.encoders.bundle_files import CONFIG_FILE, TRANSFORMERS_CONFIG, WEIGHTS_FILE, State
from embedding_shift.encoders.towers.tower_loading import NO_TEXT, without_initial_weights
from embedding_shift.errors import InputError, one_line

CUSTOM_TEXT = "text."  # prefix of the text tower in open_clip's CustomTextCLIP and CoCa; CLIP has none
OTHER_PARTS = ("visual.", "text_decoder.", "logit_")
# Constants that other versions of open_clip and transformers store beside the weights.
CONSTANTS = ("attn_mask", "position_ids")
# open_clip builds an image tower with every model; this is a very small one, and nothing uses it.
NO_IMAGES = {"image_size": 8, "patch_size": 8, "layers": 1, "width": 8, "head_width": 8}


def load_text_tower(bundle: str | Path) -> nn.Module | None:
    """Load the text tower of a bundle; its image tower is neither built nor read.

    Args:
        bundle: folder of the bundle, whose image tower loads.

    Returns:
        The tower (float32, on the CPU, in evaluation mode), which maps token ids (N, length) to embeddings (N, D).
        None if the bundle has no text tower.

    Raises:
        InputError: weights are missing, are NaN or infinite, or do not fit the configuration; or transformers builds
            the tower, and the package or its configuration is missing.
    """
    bundle = Path(bundle)
    model_cfg = json.loads((bundle / CONFIG_FILE).read_text())["model_cfg"]
    text_cfg = model_cfg.get("text_cfg")
    if not text_cfg or text_cfg == NO_TEXT:
        return None
    weights = _read_text_weights(bundle / WEIGHTS_FILE)
    if not weights:
        return None
    try:
        tower = _build(model_cfg, text_cfg, bundle)
        tower.load_state_dict(weights, strict=True, assign=True)
    except (ValueError, TypeError, RuntimeError, AssertionError, OSError, KeyError) as error:
        raise InputError(f"the text tower in {bundle} cannot be loaded: {one_line(error)}") from None
    for name, values in weights.items():
        if not values.isfinite().all():
            raise InputError(f"the text tower in {bundle}: the weights {name!r} hold NaN or infinity")
    return tower.eval().requires_grad_(False)


def used_length(tower: nn.Module, tokens: Any) -> int:
    """Return how many of the first tokens (N, length) decide the embeddings; the others can be cut off.

    A causal tower that reads the embedding at the end-of-text token ignores everything behind it, and towers of
    transformers ignore padding. All other towers use all tokens, padding included. The tower for fewer tokens is
    `shortened`.
    """
    padding = getattr(getattr(tower, "config", None), "pad_token_id", None)
    if padding is not None:
        return int((tokens != padding).any(0).nonzero().max()) + 1
    is_causal = getattr(tower, "attn_mask", None) is not None and getattr(tower, "cls_emb", None) is None
    pool = getattr(tower, "pool_type", None)
    if not is_causal or pool not in ("argmax", "eos"):
        return int(tokens.shape[1])
    values = tokens if pool == "argmax" else (tokens == tower.eos_id).int()
    return int(values.argmax(dim=1).max()) + 1


def shortened(tower: nn.Module, length: int) -> nn.Module:
    """Return a causal tower for texts of `length` tokens, which shares the weights of `tower`; any other tower as is.

    open_clip's causal mask has the size of the whole context.
    """
    mask = getattr(tower, "attn_mask", None)
    whole: Any = getattr(tower, "context_length", length)
    if mask is None or length >= whole:
        return tower
    shorter = copy.copy(tower)
    shorter.__dict__["_buffers"] = {**tower._buffers, "attn_mask": mask[:length, :length]}
    return shorter


def _read_text_weights(path: Path) -> State:
    """Return the weights of the text tower by the names that they have in the tower alone; empty if there are none."""
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        names = [name for name in file.keys() if not name.startswith(OTHER_PARTS)]  # noqa: SIM118
        custom = [name for name in names if name.startswith(CUSTOM_TEXT)]
        kept = [name for name in custom or names if not name.endswith(CONSTANTS)]
        weights = {name.removeprefix(CUSTOM_TEXT): file.get_tensor(name) for name in kept}
    return {name: array.float() if array.is_floating_point() else array for name, array in weights.items()}


def _build(model_cfg: dict[str, Any], text_cfg: dict[str, Any], bundle: Path) -> nn.Module:
    import open_clip

    if text_cfg.get("hf_model_name"):
        text_cfg = text_cfg | {"hf_model_name": str(_transformers_folder(bundle, text_cfg["hf_model_name"]))}
        text_cfg["hf_model_pretrained"] = False
    arguments = {
        "embed_dim": text_cfg.get("embed_dim", model_cfg["embed_dim"]),
        "vision_cfg": NO_IMAGES,
        "text_cfg": {key: value for key, value in text_cfg.items() if key != "embed_dim"},
        "quick_gelu": model_cfg.get("quick_gelu", False),
    }
    if text_cfg.get("hf_model_name"):  # transformers computes constants from the weights while it builds a model.
        return open_clip.CustomTextCLIP(**arguments).text
    with without_initial_weights():
        return open_clip.CustomTextCLIP(**arguments).text


def _transformers_folder(bundle: Path, name: str) -> Path:
    """Return the folder with the configuration of a model of transformers."""
    from importlib.util import find_spec

    if find_spec("transformers") is None:
        raise InputError(
            f"the text tower in {bundle} is the model {name} of transformers: install the package transformers"
        )
    if not (bundle / TRANSFORMERS_CONFIG).is_file():
        raise InputError(
            f"the text tower in {bundle} is the model {name} of transformers: copy {TRANSFORMERS_CONFIG} of "
            f"https://huggingface.co/{name} into the folder of the bundle"
        )
    return bundle
