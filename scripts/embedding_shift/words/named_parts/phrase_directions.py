"""What each phrase says beyond the others, as a direction in the space of images."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_shift.words import text_files
from embedding_shift.words.downstream.damage import unit


def directions(embedding: NDArray[Any], width: int) -> NDArray[np.float64]:
    """Return the unit vector along what each phrase says beyond the mean of all phrases, float64 (V, D).

    All texts share a large part of their embedding, which says that they are texts. With it, every phrase would
    explain the same.

    Args:
        embedding: embeddings (V, D) of the phrases.
        width: D, the width of the encoder's embeddings of images.

    Raises:
        InputError: texts and images have embeddings of different widths.
    """
    text_files.refuse_other_space(width, embedding.shape[1], "texts")
    vectors = unit(embedding)
    return unit(vectors - vectors.mean(0))
