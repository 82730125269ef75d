"""How an encoder tells classes: by the last layer of a classifier, or by the names of classes in its text tower."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from embedding_shift.encoders.bundle_names import CLASSIFIER, WEIGHTS_FILE
from embedding_shift.words import text_files
from embedding_shift.words.downstream.damage import unit
from embedding_shift.words.text_files import EncodedTexts


class Predictor(Protocol):
    """What tells classes.

    Attributes:
        names: the names of the C classes.
    """

    names: Sequence[str]

    def logits(self, embedding: NDArray[Any]) -> NDArray[np.float64]:
        """Return the logits (N, C) of embeddings (N, D); their softmax is the probability of the classes."""


class Classifier:
    """The last layer of a classifier, which reads the embedding.

    Args:
        weight: (C, D).
        bias: (C,).
        names: names of the C classes.
    """

    def __init__(self, weight: NDArray[Any], bias: NDArray[Any], names: Sequence[str]) -> None:
        self._weight, self._bias, self.names = weight.astype(np.float64), bias.astype(np.float64), names

    @classmethod
    def of_bundle(cls, bundle: str | Path) -> "Classifier | None":
        """Return the classifier of a bundle; None if it has none."""
        from safetensors import safe_open

        tensors = [f"{CLASSIFIER}{part}" for part in ("weight", "bias")]
        with safe_open(Path(bundle, WEIGHTS_FILE), "np") as file:
            if not set(tensors) <= set(file.keys()):
                return None
            weight, bias = map(file.get_tensor, tensors)
        return cls(weight, bias, text_files.own_classes(bundle))

    def logits(self, embedding: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(embedding.astype(np.float64) @ self._weight.T + self._bias)


class ZeroShot:
    """Classes that are told by their names: a logit is the scaled cosine of an image and the text of a class.

    Radford et al. (2021), "Learning transferable visual models from natural language supervision", section 3.1. A bias
    of the logits, which SigLIP has, is the same for all classes and changes no probability.

    Args:
        classes: the texts of C classes, with their names as ids.
    """

    def __init__(self, classes: EncodedTexts) -> None:
        self._texts, self._scale, self.names = unit(classes.embedding), classes.logit_scale, classes.text_ids.tolist()

    def logits(self, embedding: NDArray[Any]) -> NDArray[np.float64]:
        """Raises InputError if images and texts have embeddings of different widths."""
        text_files.refuse_other_space(embedding.shape[1], self._texts.shape[1], "classes")
        return np.asarray(self._scale * (unit(embedding) @ self._texts.T))
