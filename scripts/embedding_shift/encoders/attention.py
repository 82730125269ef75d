"""Catch, while an encoder runs and without a second pass, the attention by which its image tower pools the patches.

Which attention that is depends on how the tower pools:

- by a class token: the class token's row in the final block (CLIP, DINOv2, EVA02, …);
- by an attention head with a learned query: that query's row (SigLIP, CoCa, PE);
- by an average, or with convolutions: there is none.
"""

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

CLASS_TOKEN, POOLING_HEAD, NO_MAP = "class token", "pooling head", "none"


class PoolingAttention:
    """Context manager that records the pooling attention of an open_clip image tower.

    Only the one row that is wanted is computed, from the queries and keys of the forward pass itself, so the tower's
    output stays what it was.

    Attributes:
        source: CLASS_TOKEN, POOLING_HEAD or NO_MAP.
        rows: after a forward pass of N images, float32 tensor (N, heads, keys); each row sums to 1.
        maps: the same on the patches alone, float32 tensor (N, heads, rows, cols); (N, 0, 0, 0) without a map.
    """

    def __init__(self, visual):
        self.source, self._attention, self._grid = find(visual)
        self.rows = None
        self._hooks = []

    def __enter__(self):
        if isinstance(self._attention, torch.nn.MultiheadAttention):
            self._hooks = [self._attention.register_forward_pre_hook(self._record_multihead)]
        elif self._attention is not None:
            catch = _CatchQuery(self._record)
            self._hooks = [
                self._attention.register_forward_pre_hook(lambda *_: catch.__enter__() and None),
                self._attention.register_forward_hook(lambda *_: catch.__exit__(None, None, None), always_call=True),
            ]
        return self

    def __exit__(self, *_):
        for hook in self._hooks:
            hook.remove()

    @property
    def maps(self):
        """The recorded rows on the grid of patches; class and register tokens come first among the keys."""
        if self._attention is None:
            return None
        rows, columns = self._grid
        return self.rows[..., -rows * columns :].unflatten(-1, (rows, columns))

    def _record_multihead(self, attention, arguments):
        self._record(*multihead_query_keys(attention, *arguments[:2]))

    def _record(self, query, keys, mask=None):
        self.rows = attention_row(query, keys, mask).float()


def find(visual):
    """Find the attention that pools in an open_clip image tower.

    Returns:
        its source (CLASS_TOKEN, POOLING_HEAD or NO_MAP), the module that computes it, and the grid (rows, cols) of
        patches; the last two are None without a map.
    """
    trunk = getattr(visual, "trunk", None)
    source, attention = _find_native(visual) if trunk is None else _find_timm(trunk)
    grid = getattr(visual, "grid_size", None) or getattr(getattr(trunk, "patch_embed", None), "grid_size", None)
    return (source, attention, tuple(grid)) if attention is not None and grid else (NO_MAP, None, None)


def _find_native(visual):
    blocks = getattr(getattr(visual, "transformer", None), "resblocks", None)
    if blocks is None:
        return NO_MAP, None
    if visual.attn_pool is not None:
        pool = {"": visual.attn_pool, "parallel": visual.attn_pool_contrastive}.get(visual.attn_pool_type)
        return (POOLING_HEAD, pool.attn) if pool is not None and visual.pool_type != "avg" else (NO_MAP, None)
    attention = blocks[-1].attn
    scaled_cosine = getattr(attention, "scaled_cosine", False)
    return (CLASS_TOKEN, attention) if visual.pool_type == "tok" and not scaled_cosine else (NO_MAP, None)


def _find_timm(trunk):
    from timm.layers import AttentionPoolLatent

    pool = getattr(trunk, "attn_pool", None)
    if pool is not None:
        one_query = isinstance(pool, AttentionPoolLatent) and (pool.latent_len == 1 or pool.pool == "token")
        return (POOLING_HEAD, _fused(pool)) if one_query else (NO_MAP, None)
    has_class_token = getattr(trunk, "global_pool", None) == "token" and getattr(trunk, "num_prefix_tokens", 0) > 0
    attention = getattr(trunk.blocks[-1], "attn", None) if has_class_token and hasattr(trunk, "blocks") else None
    return (CLASS_TOKEN, _fused(attention)) if hasattr(attention, "fused_attn") else (NO_MAP, None)


def _fused(attention):
    attention.fused_attn = True  # PyTorch's own attention function is where queries and keys are caught.
    return attention


class _CatchQuery(TorchFunctionMode):
    """While it is active, hand the first query, all keys and the mask of PyTorch's attention function to `record`."""

    def __init__(self, record):
        super().__init__()
        self._record = record

    def __torch_function__(self, function, types, arguments=(), options=None):
        options = options or {}
        if function is functional.scaled_dot_product_attention:
            query, keys = arguments[:2]
            mask = options.get("attn_mask")
            self._record(query[:, :, :1], keys, None if mask is None else mask[..., :1, :])
        return function(*arguments, **options)


def multihead_query_keys(attention, queries, keys):
    """Project the first query and all keys as `attention` does.

    Args:
        attention: torch.nn.MultiheadAttention, batch first.
        queries: (N, at least 1, width), its input.
        keys: (N, K, width of keys), its input.

    Returns:
        (N, heads, 1, width / heads) and (N, heads, K, width / heads).
    """
    width, heads = attention.embed_dim, attention.num_heads
    if attention.in_proj_weight is None:
        query_weight, key_weight = attention.q_proj_weight, attention.k_proj_weight
    else:
        query_weight, key_weight = attention.in_proj_weight[:width], attention.in_proj_weight[width : 2 * width]
    query_bias, key_bias = attention.in_proj_bias[:width], attention.in_proj_bias[width : 2 * width]
    query = functional.linear(queries[:, 0], query_weight, query_bias).unflatten(-1, (heads, 1, -1))
    return query, functional.linear(keys, key_weight, key_bias).unflatten(-1, (heads, -1)).transpose(1, 2)


def attention_row(query, keys, mask=None):
    """Softmax of one scaled query on all keys, per head.

    Args:
        query: (N, heads, 1, width of a head).
        keys: (N, heads, K, width of a head).
        mask: what is added to the scores, (…, 1, K), or None.

    Returns:
        (N, heads, K), each row summing to 1.
    """
    query, keys = query.float(), keys.float()  # In a lower precision the row would not sum to 1.
    scores = query @ keys.transpose(-2, -1) / query.shape[-1] ** 0.5
    return (scores if mask is None else scores + mask).squeeze(2).softmax(dim=-1)
