"""What one view costs in an encoder's image tower and what it leaves on the disk, before there are any weights."""

import json
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from embedding_shift.encoders import hub, image_encoder, wheel_encoder
from embedding_shift.encoders.attention import PoolingAttention
from embedding_shift.encoders.bundle_files import PROVENANCE_FILE
from embedding_shift.errors import InputError

FLOAT_BYTES = 4


def describe(model, bundle):
    """Count a configured encoder's work and size, from its architecture alone: no weights are read or downloaded.

    Args:
        model: the model's entry in the configuration.
        bundle: folder that its bundle has, or will have.

    Returns:
        as JSON values: `gflop`, 10⁹ floating-point operations of one view, a multiplication and an addition being
        two; `tower_bytes`, of the image tower's weights in single precision; `bundle_bytes`, of the bundle on the
        disk; `embedding_bytes` and `attention_bytes` of one view.

    Raises:
        InputError: there is no such architecture, or it can be known only from a bundle that is not there.
    """
    model_cfg = _architecture(model, Path(bundle))
    with torch.device("meta"):
        visual = image_encoder.build_image_tower(model_cfg).eval()
    embedding, maps, gflop = _run(visual)
    tower_bytes = FLOAT_BYTES * sum(parameter.numel() for parameter in visual.parameters())
    return {
        "gflop": gflop,
        "tower_bytes": tower_bytes,
        "bundle_bytes": _bundle_bytes(model, Path(bundle), model_cfg, tower_bytes),
        "embedding_bytes": FLOAT_BYTES * embedding.shape[1:].numel(),
        "attention_bytes": 0 if maps is None else FLOAT_BYTES * maps.shape[1:].numel(),
    }


def _run(visual):
    """Return embedding, attention maps (or None) and GFLOP of one view in a tower on the meta device."""
    size = visual.image_size if isinstance(visual.image_size, tuple) else (visual.image_size,) * 2
    pixels = torch.zeros((1, 3, *size), device="meta")
    # With gradients, since PyTorch's fused attention layer counts as nothing; without the recorder's own products.
    with FlopCounterMode(display=False) as counter:
        output = visual(pixels)
    with torch.inference_mode(), PoolingAttention(visual) as recorder:
        visual(pixels)
    embedding = output[0] if isinstance(output, tuple) else output
    return embedding, recorder.maps, counter.get_total_flops() / 1e9


def _architecture(model, bundle):
    """Return open_clip's `model_cfg` of a configured encoder."""
    if model["kind"] == "wheel":
        return wheel_encoder.CONFIG["model_cfg"]
    if model["kind"] == "open_clip":
        import open_clip

        hub.check_name(model["name"], model["pretrained"])
        return open_clip.get_model_config(model["name"])
    folder = _folder(model, bundle)
    if not (folder / image_encoder.CONFIG_FILE).is_file():
        raise InputError(f"{folder} is not an open_clip bundle: it has no {image_encoder.CONFIG_FILE}")
    try:
        return json.loads((folder / image_encoder.CONFIG_FILE).read_text())["model_cfg"]
    except (ValueError, KeyError) as error:
        raise InputError(f"{folder / image_encoder.CONFIG_FILE} is no configuration of open_clip's: {error}") from None


def _folder(model, bundle):
    """Return the bundle folder that an encoder of kind `local-dir` or `hf-hub` is known from."""
    if model["kind"] == "local-dir":
        return Path(model["path"])
    provenance = bundle / PROVENANCE_FILE
    prepared = json.loads(provenance.read_text()) if provenance.is_file() else {}
    if prepared.get("name") != model["name"]:
        raise InputError(
            f"what {model['name']} is, its bundle alone tells: prepare it with"
            f" `snakemake --cores 1 {bundle / image_encoder.CONFIG_FILE}` and the options of the run, then ask for the"
            " forecast again"
        )
    return bundle


def _bundle_bytes(model, bundle, model_cfg, tower_bytes):
    """Return what the bundle takes, with the text tower that is stored unused; a wheel is kept beside its bundle.

    A text tower of another library than open_clip's own is left out: what it is, the hub alone tells.
    """
    if model["kind"] in ("local-dir", "hf-hub"):
        weights = _folder(model, bundle) / image_encoder.WEIGHTS_FILE
        return weights.stat().st_size if weights.is_file() else tower_bytes
    if model["kind"] == "wheel":
        return 2 * tower_bytes
    return tower_bytes + _text_bytes(model_cfg)


def _text_bytes(model_cfg):
    import open_clip

    if "hf_model_name" in model_cfg["text_cfg"]:
        return 0
    with torch.device("meta"):
        text = open_clip.model._build_text_tower(model_cfg["embed_dim"], model_cfg["text_cfg"])
    return FLOAT_BYTES * sum(parameter.numel() for parameter in text.parameters())
