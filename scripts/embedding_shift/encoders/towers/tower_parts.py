"""The parts of an image tower whose outputs add up to what it reads out: attention heads, biases and MLPs.

A transformer adds the output of every part to a residual stream. The embedding is a linear function of the stream at
the end, after a LayerNorm where the tower has one: e = M C x / σ + b, with C the centring of x and σ its scale. What
stands for x depends on how the tower pools:

- by a class token: x is the class token;
- by an average: x is the mean of the patches, each divided by its own σ if the LayerNorm comes before the average;
- by an attention head with a learned query: x is the output of this head, and its parts are those of the head.

Towers are recognised by their classes in open_clip 3.3.0 and timm 1.0.31. Every other tower, and every part for which
something is not defined, is named in `Anatomy.missing`.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from embedding_shift.encoders.towers.latent_pool import LatentPoolTower

CLASS_TOKEN, AVERAGE, POOLING_HEAD = "class token", "average", "pooling head"
PARTS, READ_OUT, STREAM = "parts", "read-out", "stream"


class Layer(NamedTuple):
    """A layer that adds to the stream what its heads, a bias and an MLP compute.

    Attributes:
        attention: the attention module.
        projection: its output projection, whose input holds the outputs of all heads.
        mlp: the MLP; None without one.
        attention_scale, mlp_scale: LayerScale of the two, (width,); None without one.
    """

    attention: Any
    projection: nn.Linear
    mlp: nn.Module | None
    attention_scale: Tensor | None
    mlp_scale: Tensor | None


@dataclass
class Anatomy:
    """The parts of an image tower.

    Attributes:
        pooling: CLASS_TOKEN, AVERAGE or POOLING_HEAD; empty if it is none of these.
        blocks: the blocks of the transformer.
        prefix: number of tokens before the patches.
        layers: the layers whose outputs add up to x; empty if they do not.
        norm: the LayerNorm before the linear read-out; None without one.
        norm_after_average: whether the LayerNorm follows the average.
        matrix: M (width, D), with the weight of the LayerNorm.
        offset: b (D,), with its bias.
        missing: why something is not defined, by PARTS, READ_OUT or STREAM.
    """

    pooling: str = ""
    blocks: list[nn.Module] = field(default_factory=list)
    prefix: int = 0
    layers: list[Layer] = field(default_factory=list)
    norm: nn.LayerNorm | None = None
    norm_after_average: bool = False
    matrix: Tensor = field(default_factory=lambda: torch.zeros(0, 0))
    offset: Tensor = field(default_factory=lambda: torch.zeros(0))
    missing: dict[str, str] = field(default_factory=dict)


class _Undefined(Exception):
    """The reason why a tower has no parts or no linear read-out."""


def find_parts(visual: nn.Module) -> Anatomy:
    """Return the Anatomy of an image tower of open_clip."""
    tower: Any = visual
    trunk: Any = getattr(tower, "trunk", None)
    if type(visual).__name__ == "VisionTransformer":
        blocks, find_pooling, find_read_out = tower.transformer.resblocks, _pool_native, _read_out_native
    elif type(trunk).__name__ in ("VisionTransformer", "Eva"):
        blocks, find_pooling, find_read_out = trunk.blocks, _pool_timm, _read_out_timm
    else:
        latents = isinstance(visual, LatentPoolTower)
        reason = "the tower reads out the mean of latents" if latents else "the tower is no plain vision transformer"
        return Anatomy(missing=dict.fromkeys((STREAM, PARTS, READ_OUT), reason))
    anatomy = Anatomy(blocks=list(blocks))
    for key, find in ((PARTS, find_pooling), (READ_OUT, find_read_out)):
        try:
            find(visual, anatomy)
        except _Undefined as reason:
            anatomy.missing[key] = str(reason)
    if READ_OUT in anatomy.missing:
        anatomy.missing.setdefault(PARTS, anatomy.missing[READ_OUT])
    if PARTS in anatomy.missing:
        anatomy.layers = []
    return anatomy


def head_weights(layer: Layer) -> tuple[Tensor, Tensor]:
    """Return what a layer's projection does with its heads, LayerScale included.

    Returns:
        W (width, heads, width of a head) and the bias (width,).
    """
    weight: Tensor = layer.projection.weight
    bias: Tensor | None = layer.projection.bias
    bias = torch.zeros_like(weight[:, 0]) if bias is None else bias
    if layer.attention_scale is not None:
        weight, bias = weight * layer.attention_scale[:, None], bias * layer.attention_scale
    return weight.unflatten(1, (layer.attention.num_heads, -1)), bias


def _pool_native(visual: Any, anatomy: Anatomy) -> None:
    anatomy.prefix = 1
    if visual.attn_pool is None:
        anatomy.pooling = {"tok": CLASS_TOKEN, "avg": AVERAGE}.get(visual.pool_type, "")
        anatomy.norm_after_average = visual.final_ln_after_pool
        if not anatomy.pooling:
            raise _Undefined("the tower does not pool its tokens")
        anatomy.layers = [_native_layer(block) for block in anatomy.blocks]
    else:
        if visual.attn_pool_type or visual.pool_type != "tok":
            raise _Undefined("the tower has several pools")
        anatomy.pooling, attention = POOLING_HEAD, visual.attn_pool.attn
        anatomy.layers = [Layer(attention, attention.out_proj, None, None, None)]


def _native_layer(block: Any) -> Layer:
    if not isinstance(getattr(block, "ln_attn", nn.Identity()), nn.Identity):
        raise _Undefined("its blocks normalise the output of the attention")
    return Layer(
        block.attn,
        block.attn.out_proj,
        block.mlp,
        getattr(block.ls_1, "gamma", None),
        getattr(block.ls_2, "gamma", None),
    )


def _read_out_native(visual: Any, anatomy: Anatomy) -> None:
    projection = visual.proj
    width = visual.ln_post.normalized_shape[0]
    linear = torch.eye(width) if projection is None else projection
    _set_read_out(anatomy, visual.ln_post, linear, torch.zeros(linear.shape[1]))


def _pool_timm(visual: Any, anatomy: Anatomy) -> None:
    from timm.layers import AttentionPoolLatent

    trunk = visual.trunk
    anatomy.prefix = getattr(trunk, "num_prefix_tokens", 0)
    pool = getattr(trunk, "attn_pool", None)
    if pool is not None:
        if not (isinstance(pool, AttentionPoolLatent) and pool.latent_len == 1 and isinstance(pool.proj, nn.Linear)):
            raise _Undefined(f"its pool {type(pool).__name__} is not known")
        anatomy.pooling = POOLING_HEAD
        anatomy.layers = [Layer(pool, pool.proj, pool.mlp, None, None)]
        return
    anatomy.pooling = {"token": CLASS_TOKEN if anatomy.prefix else "", "avg": AVERAGE}.get(trunk.global_pool, "")
    if not anatomy.pooling:
        raise _Undefined("the tower does not pool its tokens by a class token, an average or a head")
    if anatomy.pooling == AVERAGE and getattr(trunk, "pool_include_prefix", False):
        raise _Undefined("its average includes other tokens than patches")
    anatomy.layers = [_timm_layer(block) for block in anatomy.blocks]


def _timm_layer(block: Any) -> Layer:
    if type(block).__name__ not in ("Block", "EvaBlock"):
        raise _Undefined(f"its blocks are of the kind {type(block).__name__}")
    scales = [
        getattr(block, f"gamma_{number}", None) if hasattr(block, "gamma_1") else _gamma(getattr(block, f"ls{number}"))
        for number in (1, 2)
    ]
    return Layer(block.attn, block.attn.proj, block.mlp, *scales)


def _gamma(scale: nn.Module) -> Tensor | None:
    return getattr(scale, "gamma", None)


def _read_out_timm(visual: Any, anatomy: Anatomy) -> None:
    trunk = visual.trunk
    tail = [trunk.fc_norm, trunk.head, *visual.head.children()]
    tail = [module for module in tail if not isinstance(module, (nn.Identity, nn.Dropout))]
    norm = None if anatomy.pooling == POOLING_HEAD else trunk.norm
    if tail and isinstance(tail[0], nn.LayerNorm) and (norm is None or isinstance(norm, nn.Identity)):
        norm, anatomy.norm_after_average = tail.pop(0), True
    if not all(isinstance(module, nn.Linear) for module in tail):
        raise _Undefined("no linear read-out")
    width = trunk.num_features
    linear, offset = torch.eye(width), torch.zeros(width)
    for module in tail:
        linear, offset = linear.to(module.weight) @ module.weight.T, offset.to(module.weight) @ module.weight.T
        offset = offset if module.bias is None else offset + module.bias
    _set_read_out(anatomy, norm, linear, offset)


def _set_read_out(anatomy: Anatomy, norm: Any, linear: Tensor, offset: Tensor) -> None:
    """Set e = LayerNorm(x) · linear + offset; without a LayerNorm, e = x · linear + offset."""
    if norm is not None and not isinstance(norm, nn.LayerNorm):
        raise _Undefined("no linear read-out")
    anatomy.norm, anatomy.matrix, anatomy.offset = norm, linear, offset
    if norm is not None and norm.weight is not None:
        anatomy.matrix = norm.weight[:, None] * linear.to(norm.weight)
        if norm.bias is not None:
            anatomy.offset = offset.to(norm.bias) + norm.bias @ linear.to(norm.bias)
