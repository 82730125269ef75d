"""Catch the final layer's class-token attention while an encoder runs, without a second pass."""

import torch

from embedding_shift.errors import InputError


class ClassTokenAttention:
    """Context manager that records the attention of the class token on the patches in a CLIP vision transformer.

    The final block's input to its attention is caught by a hook; the one row of the attention matrix that is wanted
    is computed from it and from the block's own weights, so the encoder's output stays what it was.

    Attributes:
        maps: after a forward pass of N images, float32 tensor (N, heads, rows, cols); with the class token's own
            share, each head sums to 1.
    """

    def __init__(self, visual):
        try:
            self.attention = visual.transformer.resblocks[-1].attn
            self.grid = visual.grid_size
        except AttributeError:
            raise InputError(
                f"no class-token attention is known for an image tower of type {type(visual).__name__}"
            ) from None
        self.maps = None

    def __enter__(self):
        self._hook = self.attention.register_forward_pre_hook(self._record)
        return self

    def __exit__(self, *_):
        self._hook.remove()

    def _record(self, attention, arguments):
        tokens = arguments[0]
        rows = class_token_row(attention, tokens).float()
        self.maps = rows[..., 1:].unflatten(-1, self.grid)


def class_token_row(attention, tokens):
    """Softmax of the class token's query on all keys, per head.

    Args:
        attention: torch.nn.MultiheadAttention with one input projection, batch first.
        tokens: (N, 1 + patches, width), as its input; the class token is the first.

    Returns:
        (N, heads, 1 + patches), each row summing to 1.
    """
    width, heads = attention.embed_dim, attention.num_heads
    weight, bias = attention.in_proj_weight, attention.in_proj_bias
    query = torch.nn.functional.linear(tokens[:, 0], weight[:width], bias[:width])
    key = torch.nn.functional.linear(tokens, weight[width : 2 * width], bias[width : 2 * width])
    query = query.unflatten(-1, (heads, 1, -1))
    key = key.unflatten(-1, (heads, -1)).transpose(1, 2)
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    return scores.squeeze(2).softmax(dim=-1)
