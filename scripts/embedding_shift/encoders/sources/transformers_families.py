"""Convert the vision part of models of transformers to towers of open_clip: BLIP, Kosmos-2 and IDEFICS.

BLIP has biases that open_clip's vision transformer lacks, and the conversion folds them into its other weights. The
bias of the patch projection moves into the position embeddings. The bias of the final projection moves through that
projection into the bias of the last LayerNorm. Kosmos-2 and IDEFICS end in a pool of latents (`towers.latent_pool`).

The names of weights and the defaults of the configurations are those of transformers 5.23.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from embedding_shift.encoders.bundle_files import State
from embedding_shift.encoders.towers.tower_loading import NO_TEXT
from embedding_shift.errors import InputError

Config = Mapping[str, Any]
Weights = Callable[[str], Tensor]
"""Returns the weights of a name in transformers, float32; raises InputError if there are none."""

ACTIVATIONS = {"gelu": False, "quick_gelu": True}  # whether it is QuickGELU
VISION_DEFAULTS: dict[str, dict[str, Any]] = {
    "blip": {
        **{"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12},
        **{"image_size": 384, "patch_size": 16, "hidden_act": "gelu", "layer_norm_eps": 1e-5},
    },
    "kosmos-2": {
        **{"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16},
        **{"image_size": 224, "patch_size": 14, "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5},
    },
    "idefics": {
        **{"embed_dim": 768, "intermediate_size": 5120, "num_hidden_layers": 32, "num_attention_heads": 16},
        **{"image_size": 224, "patch_size": 14, "hidden_act": "gelu", "layer_norm_eps": 1e-5},
    },
}
KOSMOS_TEXT_DEFAULTS = {"embed_dim": 2048, "attention_heads": 32}
RESAMPLER_DEFAULTS = {
    "resampler_n_latents": 64,
    "resampler_depth": 6,
    "resampler_n_heads": 16,
    "resampler_head_dim": 96,
    "qk_layer_norms_perceiver": False,
}


class Family(NamedTuple):
    """An architecture of transformers.

    Attributes:
        roots: beginnings of the names of the weights that are needed.
        model_cfg: returns open_clip's `model_cfg` for a configuration of transformers.
        state: returns the weights of the image tower for the weights of transformers, and for `model_cfg`.
        has_texts: whether a model may have a text part that embeds texts among the images (`transformers_texts`).
    """

    roots: tuple[str, ...]
    model_cfg: Callable[[Config], dict[str, Any]]
    state: Callable[[Weights, Config], State]
    has_texts: bool = False


def _blip_cfg(config: Config) -> dict[str, Any]:
    model_cfg = _model_cfg("blip", config, config.get("image_text_hidden_size", 256))
    model_cfg["vision_cfg"]["no_ln_pre"] = True
    return model_cfg


def _kosmos_cfg(config: Config) -> dict[str, Any]:
    text = KOSMOS_TEXT_DEFAULTS | dict(config.get("text_config") or {})
    width, heads = text["embed_dim"], text["attention_heads"]
    pool = {"width": width, "latents": config.get("latent_query_num", 64), "heads": heads}
    return _model_cfg("kosmos-2", config, width) | {"latent_pool": pool}


def _idefics_cfg(config: Config) -> dict[str, Any]:
    resampler = RESAMPLER_DEFAULTS | dict(config.get("perceiver_config") or {})
    pool = {
        "latents": resampler["resampler_n_latents"],
        "depth": resampler["resampler_depth"],
        "heads": resampler["resampler_n_heads"],
        "head_width": resampler["resampler_head_dim"],
        "head_norms": resampler["qk_layer_norms_perceiver"],
    }
    model_cfg = _model_cfg("idefics", config, 0)
    return model_cfg | {"embed_dim": model_cfg["vision_cfg"]["width"], "latent_pool": pool}


def _model_cfg(family: str, config: Config, embed_dim: int) -> dict[str, Any]:
    vision = VISION_DEFAULTS[family] | dict(config.get("vision_config") or {})
    width = vision["hidden_size" if "hidden_size" in VISION_DEFAULTS[family] else "embed_dim"]
    activation = vision["hidden_act"]
    if activation not in ACTIVATIONS:
        raise InputError(f"the activation {activation!r} of its vision part is not one of {', '.join(ACTIVATIONS)}")
    vision_cfg = {
        "image_size": vision["image_size"],
        "patch_size": vision["patch_size"],
        "layers": vision["num_hidden_layers"],
        "width": width,
        "head_width": width // vision["num_attention_heads"],
        "mlp_ratio": vision["intermediate_size"] / width,
        "norm_kwargs": {"eps": vision["layer_norm_eps"]},
    }
    return {
        "embed_dim": embed_dim,
        "quick_gelu": ACTIVATIONS[activation],
        "vision_cfg": vision_cfg,
        "text_cfg": NO_TEXT,
    }


def _blip_state(weights: Weights, model_cfg: Config) -> State:
    vision, projection = "vision_model.", weights("vision_proj.weight").T.contiguous()
    positions = weights(vision + "embeddings.position_embedding")[0].clone()
    positions[1:] += weights(vision + "embeddings.patch_embedding.bias")
    state: State = {
        "class_embedding": weights(vision + "embeddings.class_embedding").flatten(),
        "positional_embedding": positions,
        "conv1.weight": weights(vision + "embeddings.patch_embedding.weight"),
        "ln_post.weight": weights(vision + "post_layernorm.weight"),
        "ln_post.bias": weights(vision + "post_layernorm.bias")
        + before_projection(weights("vision_proj.bias"), projection, "vision_proj.bias"),
        "proj": projection,
    }
    for number in range(model_cfg["vision_cfg"]["layers"]):
        old, new = f"{vision}encoder.layers.{number}.", f"transformer.resblocks.{number}."
        for kind in ("weight", "bias"):
            state[f"{new}attn.in_proj_{kind}"] = weights(f"{old}self_attn.qkv.{kind}")
            state[f"{new}attn.out_proj.{kind}"] = weights(f"{old}self_attn.projection.{kind}")
        state |= _norms_and_mlp(weights, old, new)
    return state


def before_projection(bias: Tensor, projection: Tensor, name: str) -> Tensor:
    """Return the vector (width,) that `projection` (width, D) maps to `bias` (D,), the weights of that name.

    Raises:
        InputError: there is no such vector.
    """
    matrix, target = projection.T.double(), bias.double()
    found: Tensor = torch.linalg.lstsq(matrix, target[:, None]).solution[:, 0]
    if (matrix @ found - target).abs().max() > 1e-6 * (1 + target.abs().max()):
        raise InputError(f"no bias of its last LayerNorm can stand for {name!r}")
    return found.float()


def _clip_state(weights: Weights, vision: str, model_cfg: Config, has_last_norm: bool) -> State:
    """Return the weights of a vision transformer that has the architecture of CLIP's."""
    state: State = {
        "class_embedding": weights(vision + "embeddings.class_embedding"),
        "positional_embedding": weights(vision + "embeddings.position_embedding.weight"),
        "conv1.weight": weights(vision + "embeddings.patch_embedding.weight"),
    }
    norms = {"ln_pre": "pre_layrnorm"} | ({"ln_post": "post_layernorm"} if has_last_norm else {})
    for number in range(model_cfg["vision_cfg"]["layers"]):
        old, new = f"{vision}encoder.layers.{number}.", f"transformer.resblocks.{number}."
        for kind in ("weight", "bias"):
            projections = [weights(f"{old}self_attn.{name}_proj.{kind}") for name in "qkv"]
            state[f"{new}attn.in_proj_{kind}"] = torch.cat(projections)
            state[f"{new}attn.out_proj.{kind}"] = weights(f"{old}self_attn.out_proj.{kind}")
        state |= _norms_and_mlp(weights, old, new)
    return state | _modules(weights, {new: vision + old for new, old in norms.items()})


def _norms_and_mlp(weights: Weights, old: str, new: str) -> State:
    names = {"ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2"}
    return _modules(weights, {new + name: old + other for name, other in names.items()})


def _modules(weights: Weights, names: Mapping[str, str], kinds: tuple[str, ...] = ("weight", "bias")) -> State:
    return {f"{new}.{kind}": weights(f"{old}.{kind}") for new, old in names.items() for kind in kinds}


def _kosmos_state(weights: Weights, model_cfg: Config) -> State:
    pool = "image_to_text_projection."
    names = {"pool.projection": pool + "dense"} | _attention("pool.attention", f"{pool}x_attn", "out_proj")
    state = _with_prefix("vit.", _clip_state(weights, "vision_model.model.", model_cfg, has_last_norm=True))
    return state | {"pool.latents": weights(pool + "latent_query")} | _modules(weights, names)


def _idefics_state(weights: Weights, model_cfg: Config) -> State:
    pool = model_cfg["latent_pool"]
    state = _with_prefix("vit.", _clip_state(weights, "vision_model.", model_cfg, has_last_norm=False))
    state["pool.latents"] = weights("perceiver_resampler.latents")
    for number in range(pool["depth"]):
        old, new = f"perceiver_resampler.blocks.{number}.", f"pool.blocks.{number}."
        state |= _modules(weights, _attention(f"{new}attention", f"{old}0", "output_proj"), ("weight",))
        state |= _modules(weights, {f"{new}mlp.1": f"{old}1.fc", f"{new}mlp.3": f"{old}1.c_proj"}, ("weight",))
        norms = {"token_norm": "0.context_layer_norm", "latent_norm": "0.latents_layer_norm", "mlp.0": "1.ln"}
        if pool["head_norms"]:
            norms |= {"attention.query_norm": "0.q_layer_norm", "attention.key_norm": "0.k_layer_norm"}
        state |= _modules(weights, {new + name: old + other for name, other in norms.items()})
    return state | _modules(weights, {"pool.norm": "perceiver_resampler.layer_norm"})


def _attention(new: str, old: str, output: str) -> dict[str, str]:
    names = {"query": "q_proj", "key": "k_proj", "value": "v_proj", "output": output}
    return {f"{new}.{name}": f"{old}.{other}" for name, other in names.items()}


def _with_prefix(prefix: str, state: State) -> State:
    return {prefix + name: tensor for name, tensor in state.items()}


FAMILIES = {
    "blip": Family(("vision_model.", "vision_proj."), _blip_cfg, _blip_state, has_texts=True),
    "kosmos-2": Family(("vision_model.", "image_to_text_projection."), _kosmos_cfg, _kosmos_state),
    "idefics": Family(("vision_model.", "perceiver_resampler."), _idefics_cfg, _idefics_state),
}
