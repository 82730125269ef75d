"""Capture what happens inside an image tower, in the forward pass that computes the embedding.

The arrays of one view, float32 but for patches and latents. L blocks have width d and H heads of width h; D is the size
of the embedding. The tower reads out x, which is a token or an average of tokens (`tower_parts`), in l layers: all L
blocks, or the pooling head alone.

    stream_class (L + 1, d)   class token at the input of the first block and after every block
    stream_patch (L + 1, d)   mean over the patches at the same places
    heads (l, H, h)           what the heads add to x, before their projection
    mlps (l, d)               what the MLPs add to x, LayerScale included; without MLPs l is 0
    start (d,)                what the input of the first block adds to x; zero for a pooling head
    total ()                  sum of the weights of the tokens in x: 1 unless x is an average
    patches (T, D)            the patches at the end, read out like the embedding, unit length, float16

Of a tower that ends in K latents:

    latents (K, D)            the latents whose mean is the embedding, unit length, float16
    latent_attention (K, 2 + K)  the attention of every latent in the last layer of the pool, mean over heads: to the
                              class token, to all patches together, and to every latent; a row sums to 1

What a tower does not have is left out. The hooks read tensors and change none, so embeddings stay the same bit by bit.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Self

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from embedding_shift.encoders.towers import tower_parts
from embedding_shift.encoders.towers.latent_pool import LatentPoolTower
from embedding_shift.encoders.towers.tower_parts import AVERAGE, CLASS_TOKEN, POOLING_HEAD, READ_OUT, Layer

Arrays = dict[str, NDArray[Any]]
Places = slice | list[int]


class _Pass:
    """What the hooks saw in one forward pass.

    Attributes:
        class_tokens, patch_means: of the stream at the input of the first block and after every block, (N, d) each.
        first, last: all tokens of the stream at the input of the first block and after the last, (N, T, d).
        heads: per layer, the input of the projection, or queries and keys of the attention.
        mlps: per layer, the output of the MLP.
        pool: tokens (N, T, width) and latents (N, K, width) as the last attention of a pool of latents gets them.
        latents: those that the pool returns, (N, K, D).
    """

    def __init__(self) -> None:
        self.class_tokens: list[Tensor] = []
        self.patch_means: list[Tensor] = []
        self.first: Tensor | None = None
        self.last: Tensor | None = None
        self.heads: dict[int, tuple[Tensor, ...]] = {}
        self.mlps: dict[int, Tensor] = {}
        self.pool: tuple[Tensor, Tensor] | None = None
        self.latents: Tensor | None = None


class Capture(ExitStack):
    """Context manager that captures inside an image tower; several threads may use the tower at the same time."""

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        self.anatomy = tower_parts.find_parts(visual)
        self._pool = visual.pool if isinstance(visual, LatentPoolTower) else None
        # An average needs all tokens until its weights are known at the end.
        self._rows = slice(None) if self.anatomy.pooling == AVERAGE else slice(1)
        self._state = threading.local()

    def __enter__(self) -> Self:
        if self.anatomy.blocks:
            self.callback(self.anatomy.blocks[0].register_forward_pre_hook(self._enter_blocks).remove)
        for block in self.anatomy.blocks:
            self.callback(block.register_forward_hook(self._leave_block).remove)
        for number, layer in enumerate(self.anatomy.layers):
            multihead = isinstance(layer.attention, nn.MultiheadAttention)
            source = layer.attention if multihead else layer.projection
            self.callback(source.register_forward_pre_hook(self._see_heads(number)).remove)
            if layer.mlp is not None:
                self.callback(layer.mlp.register_forward_hook(self._see_mlp(number)).remove)
        if self._pool is not None:
            self.callback(self._pool.attention.register_forward_pre_hook(self._see_pool).remove)
            self.callback(self._pool.register_forward_hook(self._see_latents).remove)
        return self

    @contextmanager
    def recording(self) -> Iterator[_Pass]:
        """Within this context, this thread's forward pass is captured."""
        self._state.seen = _Pass()
        try:
            yield self._state.seen
        finally:
            self._state.seen = None

    @property
    def _seen(self) -> _Pass | None:
        return getattr(self._state, "seen", None)

    def _enter_blocks(self, block: nn.Module, arguments: tuple[Any, ...]) -> None:
        if self._seen:
            self._seen.first = arguments[0]
            self._see_stream(self._seen, arguments[0])

    def _leave_block(self, block: nn.Module, arguments: tuple[Any, ...], output: Tensor) -> None:
        if self._seen:
            self._see_stream(self._seen, output)

    def _see_stream(self, seen: _Pass, tokens: Tensor) -> None:
        """Keep what is wanted of the stream at once, because copies of all tokens would take time."""
        seen.class_tokens.append(tokens[:, 0].float().clone())
        seen.patch_means.append(tokens[:, self.anatomy.prefix :].mean(1, dtype=torch.float32))
        seen.last = tokens

    def _see_heads(self, number: int) -> Any:
        multihead = isinstance(self.anatomy.layers[number].attention, nn.MultiheadAttention)

        def see(module: nn.Module, arguments: tuple[Any, ...]) -> None:
            if self._seen:
                rows = arguments[0][:, self._rows]
                self._seen.heads[number] = (rows, arguments[1]) if multihead else (rows.clone(),)

        return see

    def _see_mlp(self, number: int) -> Any:
        def see(module: nn.Module, arguments: tuple[Any, ...], output: Tensor) -> None:
            if self._seen:
                self._seen.mlps[number] = output[:, self._rows].clone()

        return see

    def _see_pool(self, module: nn.Module, arguments: tuple[Any, ...]) -> None:
        if self._seen:
            self._seen.pool = arguments[0], arguments[1]

    def _see_latents(self, module: nn.Module, arguments: tuple[Any, ...], output: Tensor) -> None:
        if self._seen:
            self._seen.latents = output

    @torch.inference_mode()
    def arrays(self, seen: _Pass, rows: Sequence[int]) -> list[Arrays]:
        """Return the arrays of some images of a captured forward pass, one dictionary per image.

        Args:
            seen: the pass.
            rows: the places of the images in the batch.
        """
        anatomy, chosen = self.anatomy, _places(rows)
        found: dict[str, Tensor] = {}
        if seen.first is not None and seen.last is not None:
            first, last = (tokens[chosen].float() for tokens in (seen.first, seen.last))
            found["stream_patch"] = torch.stack(seen.patch_means, 1)[chosen]
            if anatomy.pooling == CLASS_TOKEN:
                found["stream_class"] = torch.stack(seen.class_tokens, 1)[chosen]
            if anatomy.layers:
                found |= self._parts(seen, chosen, first, last)
            if anatomy.pooling in (CLASS_TOKEN, AVERAGE) and READ_OUT not in anatomy.missing:
                found["patches"] = self._patches(last)
        if self._pool is not None and seen.pool is not None and seen.latents is not None:
            found["latents"] = functional.normalize(seen.latents[chosen].float(), dim=-1).half()
            found["latent_attention"] = _latent_attention(self._pool.attention, *(part[chosen] for part in seen.pool))
        arrays = {name: tensor.cpu().numpy() for name, tensor in found.items()}
        return [{name: array[place] for name, array in arrays.items()} for place in range(len(rows))]

    def _parts(self, seen: _Pass, chosen: Places, first: Tensor, last: Tensor) -> dict[str, Tensor]:
        layers = self.anatomy.layers
        weights = self._weights(last)
        heads = [
            _heads(layer, [part[chosen] for part in seen.heads[number]], weights) for number, layer in enumerate(layers)
        ]
        mlps = [_mlp(layer, seen.mlps[number][chosen], weights) for number, layer in enumerate(layers) if layer.mlp]
        nothing = weights.new_zeros((len(first), layers[0].projection.out_features))
        is_head = self.anatomy.pooling == POOLING_HEAD
        return {
            "heads": torch.stack(heads, 1),
            "mlps": torch.stack(mlps, 1) if mlps else nothing[:, None][:, :0],
            "start": nothing if is_head else _pooled(first[:, self._rows], weights),
            "total": weights.sum(1),
        }

    def _weights(self, last: Tensor) -> Tensor:
        """Return the weight of every token in x, (N, T): T is 1 unless the tower averages."""
        prefix, norm = self.anatomy.prefix, self.anatomy.norm
        if self.anatomy.pooling != AVERAGE:
            return last.new_ones((len(last), 1))
        weights = torch.full_like(last[..., 0], 1 / (last.shape[1] - prefix))
        weights[:, :prefix] = 0
        if norm is None or self.anatomy.norm_after_average:
            return weights
        return weights / (last.var(-1, correction=0) + norm.eps).sqrt()

    def _patches(self, tokens: Tensor) -> Tensor:
        """Return the patches as the tower would read them out, (N, T, D) float16 of unit length."""
        patches, norm = tokens[:, self.anatomy.prefix :], self.anatomy.norm
        if norm is not None:
            patches = functional.layer_norm(patches, patches.shape[-1:], eps=norm.eps)
        out = patches @ self.anatomy.matrix.to(patches) + self.anatomy.offset.to(patches)
        return functional.normalize(out, dim=-1).half()


def _places(rows: Sequence[int]) -> Places:
    """Return the index of some images of a batch: a slice if they follow each other, because it copies nothing."""
    first, last = rows[0], rows[-1]
    return slice(first, last + 1) if list(rows) == list(range(first, last + 1)) else list(rows)


def _latent_attention(attention: Any, tokens: Tensor, latents: Tensor) -> Tensor:
    """Return the attention (N, K, 2 + K) of latents to the class token, to all patches and to every latent."""
    weights = attention.weights(tokens, latents)
    to_class, to_patches, to_latents = weights.split([1, tokens.shape[1] - 1, latents.shape[1]], dim=-1)
    return torch.cat([to_class, to_patches.sum(-1, keepdim=True), to_latents], dim=-1)


def _heads(layer: Layer, seen: list[Tensor], weights: Tensor) -> Tensor:
    """Return what the heads of a layer add to x before their projection, (N, H, h)."""
    if len(seen) == 2:
        return multihead_outputs(layer.attention, seen[0].float(), seen[1].float(), weights)
    return _pooled(seen[0].float(), weights).unflatten(-1, (layer.attention.num_heads, -1))


def _mlp(layer: Layer, output: Tensor, weights: Tensor) -> Tensor:
    pooled = _pooled(output.float(), weights)
    return pooled if layer.mlp_scale is None else pooled * layer.mlp_scale.float()


def _pooled(tokens: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted sum of tokens (N, T, …) over T."""
    return tokens[:, 0] if weights.shape[1] == 1 else torch.einsum("nt,ntd->nd", weights, tokens)


def multihead_outputs(attention: Any, queries: Tensor, keys: Tensor, weights: Tensor) -> Tensor:
    """Compute the outputs of the heads of nn.MultiheadAttention for some tokens, which it does not show itself.

    The softmax does not change with the product of query and bias of the keys, and its rows sum to 1. So keys and
    values are not projected: the scores are x (Wₖᵀ q), and the output is Wᵥ (Σ aₜ xₜ) + bᵥ.

    Args:
        attention: the module.
        queries: inputs of the tokens whose outputs are wanted, (N, Q, width).
        keys: inputs of all tokens, (N, K, width of keys).
        weights: weights of the wanted tokens, (N, Q).

    Returns:
        float32 (N, heads, width / heads): the weighted sum over the wanted tokens.
    """
    heads, width = attention.num_heads, attention.embed_dim
    if attention.in_proj_weight is None:
        projections = attention.q_proj_weight, attention.k_proj_weight, attention.v_proj_weight
    else:
        projections = attention.in_proj_weight.split(width)
    by_query, by_key, by_value = (weight.float().unflatten(0, (heads, -1)) for weight in projections)
    query_bias, _, value_bias = (bias.float().unflatten(0, (heads, -1)) for bias in attention.in_proj_bias.split(width))
    query = torch.einsum("nqd,hkd->nhqk", queries, by_query) + query_bias[:, None]
    # One product per image for all heads: with a dimension for heads, PyTorch would copy the keys for each of them.
    inner = torch.einsum("nhqk,hkd->nhqd", query, by_key).flatten(1, 2) @ keys.transpose(1, 2)
    scores = inner.unflatten(1, (heads, -1)) * (width // heads) ** -0.5
    attended = (weights[:, None, None] @ scores.softmax(-1)).squeeze(2)
    values = torch.einsum("nhd,hkd->nhk", attended @ keys, by_value)
    return values + value_bias * weights.sum(1)[:, None, None]
