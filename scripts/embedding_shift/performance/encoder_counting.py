"""Count the work of an encoder's image tower per view, and the size of its files, before its weights are there."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from embedding_shift.config.entries import ModelSource
from embedding_shift.encoders.attention import PoolingAttention
from embedding_shift.encoders.bundle_files import CONFIG_FILE, PROVENANCE_FILE, WEIGHTS_FILE
from embedding_shift.encoders.sources import open_clip_names, transformers_models, wheel_classifier, wheel_encoder
from embedding_shift.encoders.towers import tower_loading
from embedding_shift.errors import InputError
from embedding_shift.performance.encoder_cost import EncoderCost

FLOAT_BYTES = 4
# open_clip builds text towers only together with an image tower; this one is the smallest.
SMALLEST_VISION = {"image_size": 1, "patch_size": 1, "layers": 1, "width": 1, "head_width": 1}


def count(model: ModelSource, bundle: str | Path) -> EncoderCost:
    """Count the work and the sizes of a configured encoder.

    Its architecture is enough: no weights are read or downloaded.

    Args:
        model: the model's entry in the configuration.
        bundle: path of its bundle, which need not exist.

    Raises:
        InputError: the architecture does not exist, or only a bundle that does not exist yet can tell it.
    """
    model_cfg = _architecture(model, Path(bundle))
    with torch.device("meta"):
        visual = tower_loading.build_image_tower(model_cfg).eval()
    embedding, maps, gflop = _run(visual)
    tower_bytes = _parameter_bytes(visual)
    return EncoderCost(
        gflop=gflop,
        tower_bytes=tower_bytes,
        bundle_bytes=_bundle_bytes(model, Path(bundle), model_cfg, tower_bytes),
        embedding_bytes=FLOAT_BYTES * embedding.shape[1:].numel(),
        attention_bytes=0 if maps is None else FLOAT_BYTES * maps.shape[1:].numel(),
    )


def _run(visual: Any) -> tuple[Tensor, Tensor | None, float]:
    """Return the embedding, the attention maps (or None) and the GFLOP of one view in a tower on the meta device."""
    size = visual.image_size if isinstance(visual.image_size, tuple) else (visual.image_size,) * 2
    pixels = torch.zeros((1, 3, *size), device="meta")
    # Count with gradients, because PyTorch's fused attention layer counts as 0, and without the recorder's products.
    with FlopCounterMode(display=False) as counter:
        output = visual(pixels)
    with torch.inference_mode(), PoolingAttention(visual) as recorder:
        visual(pixels)
    embedding = output[0] if isinstance(output, tuple) else output
    return embedding, recorder.maps, counter.get_total_flops() / 1e9


def _architecture(model: ModelSource, bundle: Path) -> dict[str, Any]:
    """Return open_clip's `model_cfg` of a configured encoder."""
    if model["kind"] == "wheel" and "name" in model:
        return wheel_classifier.architecture(model["name"])["model_cfg"]
    if model["kind"] == "wheel":
        return wheel_encoder.CONFIG["model_cfg"]
    if model["kind"] in ("open_clip", "checkpoint"):
        if "pretrained" in model:
            open_clip_names.weights(model["name"], model["pretrained"])
        return open_clip_names.architecture(model["name"])
    if model["kind"] == "transformers" and "path" in model:
        return transformers_models.model_cfg(model)
    path = _source_folder(model, bundle) / CONFIG_FILE
    if not path.is_file():
        raise InputError(f"{path.parent} is not an open_clip bundle: it has no {CONFIG_FILE}")
    try:
        model_cfg: dict[str, Any] = json.loads(path.read_text())["model_cfg"]
    except (ValueError, KeyError) as error:
        raise InputError(f"{path} is not a configuration of open_clip: {error}") from None
    return model_cfg


def _source_folder(model: ModelSource, bundle: Path) -> Path:
    """Return the folder that holds the configuration of an encoder of kind `local-dir`, `hf-hub` or `transformers`."""
    if model["kind"] == "local-dir":
        return Path(model["path"])
    provenance = bundle / PROVENANCE_FILE
    prepared = json.loads(provenance.read_text()) if provenance.is_file() else {}
    if prepared.get("name") != model["name"]:
        raise InputError(
            f"the architecture of {model['name']} is known only from its bundle: prepare it with"
            f" `snakemake --cores 1 {bundle / CONFIG_FILE}` and the options of the run, then ask for the forecast again"
        )
    return bundle


def _bundle_bytes(model: ModelSource, bundle: Path, model_cfg: dict[str, Any], tower_bytes: int) -> int:
    """Return the size of the bundle, including the text tower that it stores but does not use.

    A wheel is kept beside its bundle, and counts as well. Text towers of other libraries than open_clip are left out,
    because only the hub knows their architecture.
    """
    if model["kind"] in ("local-dir", "hf-hub", "checkpoint"):
        is_file = model["kind"] == "checkpoint"
        weights = Path(model["path"]) if is_file else _source_folder(model, bundle) / WEIGHTS_FILE
        return weights.stat().st_size if weights.is_file() else tower_bytes
    if model["kind"] == "wheel":
        return 2 * tower_bytes
    return tower_bytes + _text_tower_bytes(model_cfg)


def _text_tower_bytes(model_cfg: dict[str, Any]) -> int:
    import open_clip

    if "hf_model_name" in model_cfg["text_cfg"]:
        return 0
    with torch.device("meta"):
        model = open_clip.CustomTextCLIP(model_cfg["embed_dim"], SMALLEST_VISION, model_cfg["text_cfg"])
    return _parameter_bytes(model.text)


def _parameter_bytes(tower: nn.Module) -> int:
    """Return the size of a tower's weights in single precision."""
    return FLOAT_BYTES * sum(parameter.numel() for parameter in tower.parameters())
