"""Record the attention by which an image tower pools its patches, during the forward pass that computes the embedding.

Which attention this is depends on how the tower pools:

- by a class token: the class token's row in the final block (CLIP, DINOv2, EVA02, …);
- by an attention head with a learned query: the row of this query (SigLIP, CoCa, PE);
- by latents, learned queries that read the patches and one another (Kosmos-2, IDEFICS): the mean of their rows in the
  last layer of the pool;
- by an average, or with convolutions: there is no such attention.

The towers are recognised by attributes of open_clip 3.3.0 (`transformer.resblocks`, `attn_pool`, `pool_type`) and timm
1.0.31 (`blocks`, `attn_pool`, `global_pool`, `fused_attn`). A tower without them has no map.
"""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from embedding_shift.encoders.towers.latent_pool import LatentPoolTower

CLASS_TOKEN, POOLING_HEAD, LATENTS, NO_MAP = "class token", "pooling head", "latents", "none"


class Pooling(NamedTuple):
    """How an image tower pools its patches.

    Attributes:
        source: CLASS_TOKEN, POOLING_HEAD, LATENTS or NO_MAP.
        attention: the module that computes the pooling attention; None without a map.
        grid: rows and columns of patches; None without a map.
    """

    source: str
    attention: nn.Module | None
    grid: tuple[int, int] | None


class PoolingAttention(ExitStack):
    """Context manager that records the pooling attention of an open_clip image tower.

    It computes one row of attention from the queries and keys of the forward pass itself and does not change the
    output of the tower. Several threads may use the tower at the same time; each sees what its own pass recorded.

    Attributes:
        source: CLASS_TOKEN, POOLING_HEAD, LATENTS or NO_MAP.
        rows: after a forward pass of N images in this thread, float32 tensor (N, heads, keys); each row sums to 1. None
            before the first pass and without a map.
    """

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        self.source, self._attention, self._grid = find_pooling(visual)
        pool: Any = getattr(visual, "pool", None)
        self._latents = len(pool.latents) if self.source == LATENTS else 0
        self._recorded = threading.local()

    def __enter__(self) -> Self:
        attention = self._attention
        if isinstance(attention, nn.MultiheadAttention):
            self.callback(attention.register_forward_pre_hook(self._record_multihead).remove)
        elif attention is not None:
            catch = _CatchQuery(self._record, self._latents or 1)
            start = attention.register_forward_pre_hook(lambda *_: catch.__enter__() and None)
            end = attention.register_forward_hook(lambda *_: catch.__exit__(None, None, None), always_call=True)
            self.callback(start.remove)
            self.callback(end.remove)
        return self

    @property
    def rows(self) -> Tensor | None:
        return getattr(self._recorded, "rows", None)

    @property
    def maps(self) -> Tensor | None:
        """The recorded rows on the grid of patches, float32 (N, heads, rows, cols); None without a map."""
        if self._grid is None or self.rows is None:
            return None
        rows, columns = self._grid
        # Class and register tokens come first among the keys, and latents last.
        end = self.rows.shape[-1] - self._latents
        return self.rows[..., end - rows * columns : end].unflatten(-1, (rows, columns))

    def _record_multihead(self, attention: nn.MultiheadAttention, arguments: tuple[Any, ...]) -> None:
        self._record(*multihead_query_keys(attention, *arguments[:2]))

    def _record(self, query: Tensor, keys: Tensor, mask: Tensor | None = None) -> None:
        self._recorded.rows = attention_row(query, keys, mask).float()


def find_pooling(visual: nn.Module) -> Pooling:
    """Find the attention by which an open_clip image tower pools its patches."""
    if isinstance(visual, LatentPoolTower):
        return Pooling(LATENTS, visual.pool.attention, patch_grid(visual))
    trunk = getattr(visual, "trunk", None)
    source, attention = _find_native(visual) if trunk is None else _find_timm(trunk)
    grid = patch_grid(visual)
    return Pooling(source, attention, grid) if attention is not None and grid else Pooling(NO_MAP, None, None)


def patch_grid(visual: Any) -> tuple[int, int] | None:
    """Return the rows and columns of patches of an image tower; None if it has none."""
    patches = getattr(getattr(visual, "trunk", None), "patch_embed", None)
    grid = getattr(visual, "grid_size", None) or getattr(patches, "grid_size", None)
    return (grid[0], grid[1]) if grid else None


def _find_native(visual: Any) -> tuple[str, nn.Module | None]:
    blocks = getattr(getattr(visual, "transformer", None), "resblocks", None)
    if blocks is None:
        return NO_MAP, None
    if visual.attn_pool is not None:
        pool = {"": visual.attn_pool, "parallel": visual.attn_pool_contrastive}.get(visual.attn_pool_type)
        return (POOLING_HEAD, pool.attn) if pool is not None and visual.pool_type != "avg" else (NO_MAP, None)
    attention = blocks[-1].attn
    scaled_cosine = getattr(attention, "scaled_cosine", False)
    return (CLASS_TOKEN, attention) if visual.pool_type == "tok" and not scaled_cosine else (NO_MAP, None)


def _find_timm(trunk: Any) -> tuple[str, nn.Module | None]:
    from timm.layers import AttentionPoolLatent

    pool = getattr(trunk, "attn_pool", None)
    if pool is not None:
        one_query = isinstance(pool, AttentionPoolLatent) and (pool.latent_len == 1 or pool.pool == "token")
        return (POOLING_HEAD, _fused(pool)) if one_query else (NO_MAP, None)
    has_class_token = getattr(trunk, "global_pool", None) == "token" and getattr(trunk, "num_prefix_tokens", 0) > 0
    attention = getattr(trunk.blocks[-1], "attn", None) if has_class_token and hasattr(trunk, "blocks") else None
    return (CLASS_TOKEN, _fused(attention)) if hasattr(attention, "fused_attn") else (NO_MAP, None)


def _fused(attention: Any) -> nn.Module:
    """Let a module of timm call PyTorch's attention function, where queries and keys are caught; return the module."""
    attention.fused_attn = True
    module: nn.Module = attention
    return module


class _CatchQuery(TorchFunctionMode):
    """While active, pass the first queries, all keys and the mask of PyTorch's attention function to `record`."""

    def __init__(self, record: Callable[[Tensor, Tensor, Tensor | None], None], queries: int) -> None:
        super().__init__()
        self._record, self._queries = record, queries

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, arguments: Any = (), options: dict[str, Any] | None = None
    ) -> Any:
        options = options or {}
        if function is functional.scaled_dot_product_attention:
            query, keys = arguments[:2]
            mask = options.get("attn_mask")
            first = self._queries
            self._record(query[:, :, :first], keys, None if mask is None else mask[..., :first, :])
        return function(*arguments, **options)


def multihead_query_keys(attention: nn.MultiheadAttention, queries: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
    """Project the first query and all keys as `attention` does.

    Args:
        attention: the module; its inputs are batch first.
        queries: its first input (N, at least 1, width).
        keys: its second input (N, K, width of keys).

    Returns:
        The query (N, heads, 1, width / heads) and the keys (N, heads, K, width / heads).
    """
    heads = attention.num_heads
    (query_weight, key_weight, _), (query_bias, key_bias, _) = _projections(attention)
    query = functional.linear(queries[:, 0], query_weight, query_bias).unflatten(-1, (heads, 1, -1))
    return query, functional.linear(keys, key_weight, key_bias).unflatten(-1, (heads, -1)).transpose(1, 2)


def multihead_outputs(attention: Any, queries: Tensor, keys: Tensor) -> Tensor:
    """Compute the outputs of the heads of nn.MultiheadAttention for some tokens, where it does not show them itself.

    The softmax does not change with the product of query and bias of the keys, and its rows sum to 1. So keys and
    values are not projected: the scores are x (Wₖᵀ q), and the output is Wᵥ (Σ aₜ xₜ) + bᵥ.

    Args:
        attention: the module.
        queries: inputs of the tokens whose outputs are wanted, (N, Q, width).
        keys: inputs of all tokens, (N, K, width of keys).

    Returns:
        float32 (N, Q, width): the input of the projection, one head after the other.
    """
    queries, keys = queries.float(), keys.float()
    heads, (weights, biases) = attention.num_heads, _projections(attention)
    by_query, by_key, by_value = (weight.float().unflatten(0, (heads, -1)) for weight in weights)
    query_bias, _, value_bias = (bias.float().unflatten(0, (heads, -1)) for bias in biases)
    query = torch.einsum("nqd,hkd->nhqk", queries, by_query) + query_bias[:, None]
    # One product per image for all heads: with a dimension for heads, PyTorch would copy the keys for each of them.
    scores = torch.einsum("nhqk,hkd->nhqd", query, by_key).flatten(1, 2) @ keys.transpose(1, 2)
    attended = (scores * query.shape[-1] ** -0.5).softmax(-1) @ keys
    values = torch.einsum("nhqd,hkd->nqhk", attended.unflatten(1, (heads, -1)), by_value)
    return (values + value_bias).flatten(2)


def _projections(attention: nn.MultiheadAttention) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Return the weights of queries, keys and values, each (width, width of its input), and their biases (width,)."""
    width = attention.embed_dim
    if attention.in_proj_weight is None:
        weights = attention.q_proj_weight, attention.k_proj_weight, attention.v_proj_weight
    else:
        weights = attention.in_proj_weight.split(width)
    return weights, attention.in_proj_bias.split(width)


def attention_row(query: Tensor, keys: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the attention of queries to all keys per head, averaged over the queries.

    The attention of a query is the softmax of its scaled products with the keys.

    Args:
        query: (N, heads, Q, width of a head).
        keys: (N, heads, K, width of a head).
        mask: (…, Q, K), added to the scores before the softmax; None for no mask.

    Returns:
        float32 (N, heads, K); each row sums to 1.
    """
    query, keys = query.float(), keys.float()  # In lower precision the row would not sum to 1.
    scores = query @ keys.transpose(-2, -1) / query.shape[-1] ** 0.5
    return (scores if mask is None else scores + mask).softmax(dim=-1).mean(dim=2)
