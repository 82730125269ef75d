"""Encode texts with the text tower of a bundle."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from embedding_shift.encoders import batching
from embedding_shift.encoders.bundle_names import WEIGHTS_FILE
from embedding_shift.encoders.texts import tokenizing
from embedding_shift.encoders.towers import text_tower
from embedding_shift.errors import InputError

BATCH_SIZE = 64
LOGIT_SCALE = "logit_scale"  # the natural logarithm of the scale, as open_clip stores it


@torch.inference_mode()
def encode(bundle: str | Path, texts: Sequence[str], workers: int = 1) -> NDArray[np.float32] | None:
    """Return the embeddings of texts in single precision, computed on the processor.

    Args:
        bundle: folder of the bundle.
        texts: N texts. Texts longer than the tower's context are cut.
        workers: number of batches that are computed at the same time; the result does not depend on it.

    Returns:
        Array (N, D), not normalised, as open_clip's `encode_text` returns it; None if the bundle has no text tower.

    Raises:
        InputError: the text tower or its tokenizer is incomplete, or both do not fit together.
    """
    tower = text_tower.load_text_tower(bundle)
    if tower is None:
        return None
    tokenize = tokenizing.of_bundle(bundle)
    # Equal texts get equal embeddings. One more text gives the width of the embedding if there are no texts.
    places = {text: place for place, text in enumerate(dict.fromkeys([*texts, ""]))}
    tokens = tokenize(list(places))
    known = getattr(tower, "vocab_size", 0)
    if known and int(tokens.max()) >= known:
        raise InputError(f"the tokenizer in {bundle} is that of another model: the text tower has {known} tokens")
    lengths = [text_tower.used_length(tower, row[None]) for row in tokens]
    order = np.argsort(lengths, kind="stable")  # texts of similar length together, so that most tokens can be cut

    @torch.inference_mode()
    def forward(rows: NDArray[np.int_]) -> NDArray[np.float32]:
        length = max(lengths[row] for row in rows)
        output = text_tower.shortened(tower, length)(tokens[torch.from_numpy(rows), :length])
        return np.asarray((output[0] if isinstance(output, tuple) else output).numpy())

    starts = range(0, len(order), BATCH_SIZE)
    found = list(batching.in_parallel(forward, (order[start : start + BATCH_SIZE] for start in starts), workers))
    embedding = np.concatenate(found)[np.argsort(order, kind="stable")]
    return np.asarray(embedding[[places[text] for text in texts]])


def logit_scale(bundle: str | Path) -> float | None:
    """Return the factor by which a bundle's encoder multiplies cosines of images and texts; None if it has none."""
    from safetensors import safe_open

    with safe_open(Path(bundle, WEIGHTS_FILE), "pt") as file:
        if LOGIT_SCALE not in set(file.keys()):
            return None
        return float(file.get_tensor(LOGIT_SCALE).double().exp().item())
