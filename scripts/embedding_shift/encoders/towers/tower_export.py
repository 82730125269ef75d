"""Write the weights by which the parts of an image tower become its embedding, for analyses without PyTorch."""

import json
from pathlib import Path

import numpy as np
import torch

from embedding_shift.encoders import attention
from embedding_shift.encoders.towers import tower_loading, tower_parts
from embedding_shift.encoders.towers.tower_parts import AVERAGE
from embedding_shift.io import atomic

# What the read-out does to x before the linear map: see `Tower` in mechanism/tower.py.
SCALED, CENTRED, PLAIN = "scaled", "centred", "plain"


@torch.inference_mode()
def export(bundle: str | Path, output: str | Path) -> None:
    """Write the weights of the read-out and of the heads' projections of a bundle's image tower.

    Args:
        bundle: folder of the bundle.
        output: npz file to write; mechanism/tower.py reads it.
    """
    visual, _ = tower_loading.load_image_tower(bundle)
    anatomy = tower_parts.find_parts(visual)
    projections = [tower_parts.head_weights(layer) for layer in anatomy.layers]
    if anatomy.norm is None:
        norm = PLAIN
    else:
        norm = CENTRED if anatomy.pooling == AVERAGE and not anatomy.norm_after_average else SCALED
    description = {
        "pooling": anatomy.pooling,
        "norm": norm,
        "eps": anatomy.norm.eps if anatomy.norm is not None else 0.0,
        "blocks": len(anatomy.blocks),
        "grid": attention.patch_grid(visual),
        "missing": anatomy.missing,
    }
    arrays = {
        "weights": np.array([weight.numpy() for weight, _ in projections]),
        "biases": np.array([bias.numpy() for _, bias in projections]),
        "matrix": anatomy.matrix.numpy(),
        "offset": anatomy.offset.numpy(),
    }
    with atomic.whole(output) as temporary, open(temporary, "wb") as file:
        np.savez(file, allow_pickle=False, description=np.array(json.dumps(description)), **arrays)
