"""Where an encoder's images and its texts meet: in the space of its text tower, or by the classes that it tells."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_shift.words import text_files
from embedding_shift.words.downstream import damage
from embedding_shift.words.downstream.class_predictions import Classifier, Predictor, ZeroShot
from embedding_shift.words.image_blocks import Embeddings, in_blocks
from embedding_shift.words.text_files import EncodedTexts


class Uses(NamedTuple):
    """What an encoder is used for.

    Attributes:
        predictor: what tells classes; None if nothing does.
        captions: captions of some images, by the ids of these; None if the encoder has no text tower.
        class_names: the names of a classifier's classes, in its order; None for another encoder. With them, an image
            meets its caption where its classes are (`damage.conse`), and otherwise by its embedding.
        labels: places of the right classes by image id, for images that have one.
    """

    predictor: Predictor | None
    captions: EncodedTexts | None
    class_names: EncodedTexts | None
    labels: Mapping[str, int]

    @classmethod
    def of_encoder(
        cls,
        bundle: str | Path,
        captions: EncodedTexts | None,
        classes: EncodedTexts | None,
        labels: Mapping[str, str],
    ) -> "Uses":
        """Return the uses of an encoder.

        Args:
            bundle: folder of its bundle.
            captions: captions of some images, by the ids of these, if the encoder has a text tower.
            classes: the names of the classifier's classes if it has one, and else those of the classes to tell.
            labels: names of classes by image id. Those that are no class of the encoder are left out.
        """
        classifier = Classifier.of_bundle(bundle)
        zero_shot = ZeroShot(classes) if classifier is None and classes is not None and len(classes.text_ids) else None
        predictor: Predictor | None = classifier or zero_shot
        places = {name: place for place, name in enumerate(predictor.names)} if predictor else {}
        known = {image_id: places[label] for image_id, label in labels.items() if label in places}
        return cls(predictor, captions, classes if classifier else None, known)

    def values(self, image_ids: Sequence[str], before: Embeddings, after: Embeddings) -> damage.Values:
        """Return what becomes of captions and classes, {metric: (images,)}; nothing if there is neither.

        The accuracy is that of the images with a label, and retrieval is among the images with a caption.

        Args:
            image_ids: ids of the N images.
            before: embeddings of the originals.
            after: those of their views, in the same order.

        Raises:
            InputError: images and texts have embeddings of different widths.
        """
        captions = self.captions or EncodedTexts(np.array([], dtype=str), np.empty((0, 0), np.float32))
        places = dict(zip(captions.text_ids.tolist(), captions.embedding, strict=True))
        texts = np.array([places[image_id] for image_id in image_ids if image_id in places])
        found: dict[str, list[NDArray[Any]]] = {}
        among_texts = []
        for rows, first, second in in_blocks(before, after):
            some = image_ids[rows]
            logits = None
            if self.predictor is not None:
                logits = self.predictor.logits(second)
                columns = damage.of_classes(self.predictor.logits(first), logits) | self._of_labels(some, logits)
                for metric, column in columns.items():
                    found.setdefault(metric, []).append(column)
            if len(texts):
                captioned = [place for place, image_id in enumerate(some) if image_id in places]
                among_texts.append(self._among_texts(second, logits)[captioned])
        values = {metric: np.concatenate(columns) for metric, columns in found.items()}
        if len(texts):
            images = np.concatenate(among_texts)
            among_texts.clear()  # Of 100,000 images, every copy is some hundred megabytes.
            text_files.refuse_other_space(images.shape[1], texts.shape[1], "captions")
            values |= damage.of_captions(images, texts)
        return values

    def _of_labels(self, image_ids: Sequence[str], logits: NDArray[Any]) -> damage.Values:
        """Return the accuracy over the images with a label; nothing if the run has no labels."""
        labelled = [place for place, image_id in enumerate(image_ids) if image_id in self.labels]
        right = np.array([self.labels[image_ids[place]] for place in labelled], dtype=int)
        return damage.of_labels(logits[labelled], right) if self.labels else {}

    def _among_texts(self, embedding: NDArray[Any], logits: NDArray[Any] | None) -> NDArray[Any]:
        """Return images (N, D) in the space of the captions."""
        if logits is None or self.class_names is None:
            return embedding
        return damage.conse(logits, self.class_names.embedding)
