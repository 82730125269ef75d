"""Where an encoder's images and its texts meet: in the space of its text tower, or by the classes that it tells."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_shift.encoders.bundle_names import CLASSIFIER, WEIGHTS_FILE
from embedding_shift.errors import InputError
from embedding_shift.words import damage
from embedding_shift.words.text_files import EncodedTexts


class Classifier:
    """The last layer of a classifier, which reads the embedding.

    Args:
        weight: (classes, D).
        bias: (classes,).
    """

    def __init__(self, weight: NDArray[Any], bias: NDArray[Any]) -> None:
        self._weight, self._bias = weight.astype(np.float64), bias.astype(np.float64)

    @classmethod
    def of_bundle(cls, bundle: str | Path) -> "Classifier | None":
        """Return the classifier of a bundle; None if it has none."""
        from safetensors import safe_open

        names = [f"{CLASSIFIER}{part}" for part in ("weight", "bias")]
        with safe_open(Path(bundle, WEIGHTS_FILE), "np") as file:
            return cls(*map(file.get_tensor, names)) if set(names) <= set(file.keys()) else None

    def logits(self, embedding: NDArray[Any]) -> NDArray[np.float64]:
        """Return the logits (N, classes) of embeddings (N, D)."""
        return np.asarray(embedding.astype(np.float64) @ self._weight.T + self._bias)


def values(
    image_ids: Sequence[str],
    views: Mapping[str, NDArray[Any]],
    classifier: Classifier | None,
    captions: EncodedTexts | None,
    classes: EncodedTexts | None,
) -> dict[str, damage.Values]:
    """Return what becomes of captions and classes, {view: {metric: (N,)}}; without metrics if there is neither.

    Args:
        image_ids: ids of the N images.
        views: embeddings (N, D) of the originals, which come first, and of their views under every augmentation.
        classifier: the encoder's classifier, if it has one.
        captions: captions of some images, by the ids of these, if the encoder has a text tower. Retrieval is among the
            images that have one.
        classes: the names of the classifier's classes, in its order. With them, an image meets its caption where its
            classes are (`damage.conse`), and otherwise by its embedding.

    Raises:
        InputError: images and captions have embeddings of different widths.
    """
    found: dict[str, damage.Values] = {name: {} for name in views}
    logits = {name: classifier.logits(embedding) for name, embedding in views.items()} if classifier else {}
    for name, after in logits.items():
        found[name] |= damage.of_classes(logits[damage.ORIGINAL], after)
    if captions is None or not len(captions.text_ids):
        return found
    places = {image_id: place for place, image_id in enumerate(captions.text_ids.tolist())}
    rows = [row for row, image_id in enumerate(image_ids) if image_id in places]
    texts = captions.embedding[[places[image_ids[row]] for row in rows]]
    for name, embedding in views.items():
        joined = damage.conse(logits[name], classes.embedding) if logits and classes is not None else embedding
        if joined.shape[1] != texts.shape[1]:
            raise InputError(
                f"the encoder's embeddings have the width {joined.shape[1]} for images and {texts.shape[1]} for "
                "captions: they do not share a space"
            )
        found[name] |= damage.of_captions(joined[rows], texts)
    return found
