"""Image towers that end in latents: learned queries that read the tokens of a vision transformer.

Two pools are known. In Kosmos-2 (Peng et al. 2023), the latents read the projected tokens once. In Flamingo (Alayrac et
al. 2022), as IDEFICS rebuilds it, a Perceiver resampler of several blocks updates them. In both, the latents are keys
as well, behind the class token and the patches. The embedding of an image is the mean of its latents.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

RESAMPLER_NORM_EPS = 1e-5


class LatentPoolTower(nn.Module):
    """A vision transformer of open_clip whose tokens are read by latents.

    Attributes:
        image_size: (height, width) of its input in pixels.
        grid_size: rows and columns of patches.
        vit: the transformer; its projection is removed, and so is its last LayerNorm before a `Resampler`.
        pool: the pool, a `ProjectedPool` or a `Resampler`.
    """

    def __init__(self, vit: Any, **options: Any) -> None:
        """Build a tower with random weights.

        Args:
            vit: the VisionTransformer of open_clip.
            options: the arguments of `ProjectedPool`, or those of `Resampler` if they include `depth`.
        """
        super().__init__()
        self.image_size, self.grid_size = vit.image_size, vit.grid_size
        self.vit, width = vit, vit.ln_post.normalized_shape[0]
        vit.proj = None
        self.pool: ProjectedPool | Resampler
        if "depth" in options:
            vit.ln_post = nn.Identity()
            self.pool = Resampler(width, **options)
        else:
            self.pool = ProjectedPool(width, **options)

    def latents(self, pixels: Tensor) -> Tensor:
        """Return the latents (N, latents, D) of normalised images (N, 3, height, width)."""
        tokens = self.vit.transformer(self.vit._embeds(pixels))
        latents: Tensor = self.pool(self.vit.ln_post(tokens))
        return latents

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the embeddings (N, D) of normalised images (N, 3, height, width)."""
        return self.latents(pixels).mean(1)


class LatentAttention(nn.Module):
    """Multi-head attention of latents to tokens and to themselves."""

    def __init__(self, width: int, heads: int, head_width: int, bias: bool, head_norms: bool) -> None:
        super().__init__()
        self.num_heads = heads
        self.query, self.key, self.value = (nn.Linear(width, heads * head_width, bias) for _ in range(3))
        self.output = nn.Linear(heads * head_width, width, bias)
        norms = (nn.LayerNorm(head_width, RESAMPLER_NORM_EPS) if head_norms else nn.Identity() for _ in range(2))
        self.query_norm, self.key_norm = norms

    def forward(self, tokens: Tensor, latents: Tensor) -> Tensor:
        """Return what tokens (N, T, width) and latents (N, L, width) add to the latents, (N, L, width)."""
        keys = torch.cat([tokens, latents], dim=1)
        query, key = self.query_norm(self._split(self.query(latents))), self.key_norm(self._split(self.key(keys)))
        read = functional.scaled_dot_product_attention(query, key, self._split(self.value(keys)))
        output: Tensor = self.output(read.transpose(1, 2).flatten(2))
        return output

    def _split(self, tokens: Tensor) -> Tensor:
        return tokens.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)


class ProjectedPool(nn.Module):
    """The pool of Kosmos-2: a projection of the tokens at unit length, and one attention."""

    def __init__(self, input_width: int, width: int, latents: int, heads: int) -> None:
        super().__init__()
        self.projection = nn.Linear(input_width, width)
        self.latents = nn.Parameter(torch.randn(latents, width))
        self.attention = LatentAttention(width, heads, width // heads, bias=True, head_norms=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the latents (N, L, width) of tokens (N, T, input_width)."""
        projected = self.projection(functional.normalize(tokens, dim=-1))
        output: Tensor = self.attention(projected, self.latents.expand(len(tokens), -1, -1))
        return output


class ResamplerBlock(nn.Module):
    """A block of a resampler: attention and MLP, each added to the latents."""

    def __init__(self, width: int, heads: int, head_width: int, head_norms: bool) -> None:
        super().__init__()
        self.token_norm, self.latent_norm, mlp_norm = (nn.LayerNorm(width, RESAMPLER_NORM_EPS) for _ in range(3))
        self.attention = LatentAttention(width, heads, head_width, bias=False, head_norms=head_norms)
        layers = nn.Linear(width, 4 * width, bias=False), nn.ReLU(), nn.Linear(4 * width, width, bias=False)
        self.mlp = nn.Sequential(mlp_norm, *layers)

    def forward(self, tokens: Tensor, latents: Tensor) -> Tensor:
        """Return the updated latents (N, L, width)."""
        latents = latents + self.attention(self.token_norm(tokens), self.latent_norm(latents))
        updated: Tensor = latents + self.mlp(latents)
        return updated


class Resampler(nn.Module):
    """The Perceiver resampler of Flamingo, as IDEFICS builds it."""

    def __init__(self, width: int, latents: int, depth: int, heads: int, head_width: int, head_norms: bool) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.randn(latents, width))
        self.blocks = nn.ModuleList(ResamplerBlock(width, heads, head_width, head_norms) for _ in range(depth))
        self.norm = nn.LayerNorm(width, RESAMPLER_NORM_EPS)

    @property
    def attention(self) -> nn.Module:
        """The attention of the last block."""
        block: Any = self.blocks[-1]
        attention: nn.Module = block.attention
        return attention

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the latents (N, L, width) of tokens (N, T, width)."""
        latents = self.latents.expand(len(tokens), -1, -1)
        for block in self.blocks:
            latents = block(tokens, latents)
        output: Tensor = self.norm(latents)
        return output
