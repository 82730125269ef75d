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

from embedding_shift.compat import onednn
from embedding_shift.encoders.attention import multihead_outputs
from embedding_shift.encoders.towers import tower_parts
from embedding_shift.encoders.towers.latent_pool import LatentPoolTower
from embedding_shift.encoders.towers.tower_parts import AVERAGE, CLASS_TOKEN, POOLING_HEAD, READ_OUT, Layer

Arrays = dict[str, NDArray[Any]]
Places = slice | list[int]


class _Pass:
    """What the hooks saw in one forward pass.

    Attributes:
        class_tokens, patch_means: of the stream at the input of the first block and after every block, (N, d) each.
        first: what is wanted (`Capture._wanted`) of the stream at the input of the first block, (N, W, d).
        last: all tokens of the stream after the last block, (N, T, d).
        heads, mlps: by layer, what is wanted of the input of the heads' projection and of the output of the MLP.
        query, key: of the last attention of a pool of latents, (N, H, K, h) and (N, H, T + K, h).
        latents: those that the pool returns, (N, K, D).
    """

    def __init__(self) -> None:
        self.class_tokens: list[Tensor] = []
        self.patch_means: list[Tensor] = []
        self.first: Tensor | None = None
        self.last: Tensor | None = None
        self.heads: dict[int, Tensor] = {}
        self.mlps: dict[int, Tensor] = {}
        self.query: Tensor | None = None
        self.key: Tensor | None = None
        self.latents: Tensor | None = None


class Capture(ExitStack):
    """Context manager that captures inside an image tower; several threads may use the tower at the same time."""

    def __init__(self, visual: nn.Module, layers: onednn.Layers) -> None:
        """Prepare the capture inside a tower.

        Args:
            visual: the tower.
            layers: its layers, as the forward passes compute them.
        """
        super().__init__()
        self.anatomy = tower_parts.find_parts(visual)
        self._layers = layers
        self._pool = visual.pool if isinstance(visual, LatentPoolTower) else None
        is_average = self.anatomy.pooling == AVERAGE
        # A LayerNorm before the average scales every token by itself; only the end of the tower shows by how much.
        self._weighted = is_average and self.anatomy.norm is not None and not self.anatomy.norm_after_average
        self._averaged = is_average and not self._weighted
        self._state = threading.local()

    def __enter__(self) -> Self:
        blocks = self.anatomy.blocks
        if blocks:
            self.callback(blocks[0].register_forward_pre_hook(self._enter_blocks).remove)
        for block in blocks:
            self.callback(block.register_forward_hook(self._leave_block).remove)
        for number, layer in enumerate(self.anatomy.layers):
            self._watch_heads(number, layer)
            if layer.mlp is not None:
                self.callback(layer.mlp.register_forward_hook(self._see_mlp(number)).remove)
        if self._pool is not None:
            attention: Any = self._pool.attention
            self.callback(attention.query_norm.register_forward_hook(self._see_pool("query")).remove)
            self.callback(attention.key_norm.register_forward_hook(self._see_pool("key")).remove)
            self.callback(self._pool.register_forward_hook(self._see_pool("latents")).remove)
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

    def _wanted(self, tokens: Tensor) -> Tensor:
        """Return a copy of what x needs of tokens (N, T, …): the first (N, 1, …), their average (N, 1, …) or all.

        To keep all tokens of all layers takes more time than what is computed of them: it takes new memory, and the
        caches hold less of what the tower needs.
        """
        if self._weighted:
            return tokens.clone()
        if self._averaged:
            return tokens[:, self.anatomy.prefix :].mean(1, keepdim=True, dtype=torch.float32)
        return tokens[:, :1].clone()

    def _enter_blocks(self, block: nn.Module, arguments: tuple[Any, ...]) -> None:
        if self._seen:
            self._seen.first = self._wanted(arguments[0])
            self._see_stream(self._seen, arguments[0])

    def _leave_block(self, block: nn.Module, arguments: tuple[Any, ...], output: Tensor) -> None:
        if self._seen:
            self._see_stream(self._seen, output)
            if block is self.anatomy.blocks[-1]:
                self._seen.last = output

    def _see_stream(self, seen: _Pass, tokens: Tensor) -> None:
        seen.class_tokens.append(tokens[:, 0].to(torch.float32, copy=True))
        seen.patch_means.append(tokens[:, self.anatomy.prefix :].mean(1, dtype=torch.float32))

    def _watch_heads(self, number: int, layer: Layer) -> None:
        """See the input of the projection of a layer's heads.

        nn.MultiheadAttention does not call its projection. The input is then seen by the product that oneDNN computes;
        PyTorch's fused layer hides it, so that it has to be computed again.
        """

        def see_input(module: nn.Module, arguments: tuple[Any, ...]) -> None:
            if self._seen:
                self._seen.heads[number] = self._wanted(arguments[0])

        def see_product(values: Tensor) -> None:
            if self._seen:
                # The rows are those of the first tokens of all images, then those of the second tokens, and so on.
                images = len(self._seen.class_tokens[0])
                self._seen.heads[number] = self._wanted(values.unflatten(0, (-1, images)).transpose(0, 1))

        def see_attention(module: nn.Module, arguments: tuple[Any, ...]) -> None:
            if self._seen:
                queries, keys = arguments[:2]
                queries = queries if self._weighted or self._averaged else queries[:, :1]
                self._seen.heads[number] = self._wanted(multihead_outputs(module, queries, keys))

        if not isinstance(layer.attention, nn.MultiheadAttention):
            self.callback(layer.projection.register_forward_pre_hook(see_input).remove)
        elif self._layers.are_watchable:
            self.enter_context(self._layers.watched(layer.projection.weight, see_product))
        else:
            self.callback(layer.attention.register_forward_pre_hook(see_attention).remove)

    def _see_mlp(self, number: int) -> Any:
        def see(module: nn.Module, arguments: tuple[Any, ...], output: Tensor) -> None:
            if self._seen:
                self._seen.mlps[number] = self._wanted(output)

        return see

    def _see_pool(self, name: str) -> Any:
        def see(module: nn.Module, arguments: tuple[Any, ...], output: Tensor) -> None:
            if self._seen:
                setattr(self._seen, name, output)

        return see

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
        if self._pool is not None and seen.query is not None and seen.key is not None and seen.latents is not None:
            found["latents"] = functional.normalize(seen.latents[chosen].float(), dim=-1).half()
            found["latent_attention"] = _latent_attention(seen.query[chosen].float(), seen.key[chosen].float())
        arrays = {name: tensor.cpu().numpy() for name, tensor in found.items()}
        return [{name: array[place] for name, array in arrays.items()} for place in range(len(rows))]

    def _parts(self, seen: _Pass, chosen: Places, first: Tensor, last: Tensor) -> dict[str, Tensor]:
        layers = self.anatomy.layers
        weights = self._weights(last)
        heads = [
            _pooled(seen.heads[number][chosen], weights).unflatten(-1, (layer.attention.num_heads, -1))
            for number, layer in enumerate(layers)
        ]
        mlps = [_mlp(layer, seen.mlps[number][chosen], weights) for number, layer in enumerate(layers) if layer.mlp]
        nothing = weights.new_zeros((len(first), layers[0].projection.out_features))
        is_head = self.anatomy.pooling == POOLING_HEAD
        return {
            "heads": torch.stack(heads, 1),
            "mlps": torch.stack(mlps, 1) if mlps else nothing[:, None][:, :0],
            "start": nothing if is_head else _pooled(first, weights),
            "total": weights.sum(1),
        }

    def _weights(self, last: Tensor) -> Tensor:
        """Return the weights (N, W) in x of what is wanted: 1 unless the tower weighs its tokens."""
        prefix, norm = self.anatomy.prefix, self.anatomy.norm
        if norm is None or not self._weighted:
            return last.new_ones((len(last), 1))
        weights = torch.full_like(last[..., 0], 1 / (last.shape[1] - prefix))
        weights[:, :prefix] = 0
        return weights / (last.var(-1, correction=0) + norm.eps).sqrt()

    def _patches(self, tokens: Tensor) -> Tensor:
        """Return the patches as the tower would read them out, (N, T, D) float16 of unit length."""
        patches, norm = tokens[:, self.anatomy.prefix :], self.anatomy.norm
        if norm is not None:
            patches = functional.layer_norm(patches, patches.shape[-1:], eps=norm.eps)
        with self._layers.dispatch():
            out = patches @ self.anatomy.matrix.to(patches)
        out += self.anatomy.offset.to(patches)
        return functional.normalize(out, dim=-1).half()


def _places(rows: Sequence[int]) -> Places:
    """Return the index of some images of a batch: a slice if they follow each other, because it copies nothing."""
    first, last = rows[0], rows[-1]
    return slice(first, last + 1) if list(rows) == list(range(first, last + 1)) else list(rows)


def _latent_attention(query: Tensor, key: Tensor) -> Tensor:
    """Return the attention (N, K, 2 + K) of latents to the class token, to all patches and to every latent.

    Args:
        query: of the latents, (N, H, K, h).
        key: of the class token, the patches and the latents, (N, H, T + K, h).
    """
    latents = query.shape[2]
    weights = (query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5).softmax(-1).mean(1)
    to_class, to_patches, to_latents = weights.split([1, key.shape[2] - latents - 1, latents], dim=-1)
    return torch.cat([to_class, to_patches.sum(-1, keepdim=True), to_latents], dim=-1)


def _mlp(layer: Layer, output: Tensor, weights: Tensor) -> Tensor:
    pooled = _pooled(output, weights)
    return pooled if layer.mlp_scale is None else pooled * layer.mlp_scale.float()


def _pooled(wanted: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted sum (N, …) over what is wanted (N, W, …) of the tokens, in float32."""
    return wanted[:, 0].float() if weights.shape[1] == 1 else torch.einsum("nt,ntd->nd", weights, wanted.float())
