"""Files of encoded texts: `text_id`, `text` and `embedding` (N, D) in the order in which the texts were given."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_shift.encoders.bundle_names import CONFIG_FILE
from embedding_shift.io import array_files
from embedding_shift.words import prompts

LONGEST_CAPTION = 2**30  # characters of a caption in the manifest
LONGEST_TEXT = 500  # characters that a file keeps of a text; the whole text is encoded
CLASS_TEXT = "a photo of a {}."  # the text of a class, as in OpenAI's CLIP for zero-shot classification
OWN_CLASS_TEXT = "a photo of {}"  # that of a class of the encoder itself
CAPTIONS, CLASSES, PROMPTS = "captions", "classes", "prompts"
SETS = (CAPTIONS, CLASSES, PROMPTS)


class EncodedTexts(NamedTuple):
    """Texts that an encoder encoded.

    Attributes:
        text_ids: N ids.
        embedding: float32 (N, D), not normalised.
    """

    text_ids: NDArray[np.str_]
    embedding: NDArray[np.float32]


def texts_of(name: str, source: str | Path) -> dict[str, str]:
    """Return the texts of a set by id.

    Args:
        name: one of SETS.
        source: the file that holds them: a manifest, a list with one class per line or the configuration of a bundle
            with a classifier, or a file of prompts. Images without a caption are left out.

    Raises:
        InputError: the file does not exist or is not of this form.
    """
    if name == CAPTIONS:
        csv.field_size_limit(LONGEST_CAPTION)
        with open(source, newline="", encoding="utf-8") as file:
            return {row["image_id"]: row["caption"] for row in csv.DictReader(file) if row.get("caption", "").strip()}
    if name == PROMPTS:
        return prompts.read(source).texts()
    if Path(source).name == CONFIG_FILE:
        names = _own_classes(source)
        return {f"class {number}": OWN_CLASS_TEXT.format(label) for number, label in enumerate(names)}
    lines = Path(source).read_text(encoding="utf-8").splitlines()
    return {line.strip(): CLASS_TEXT.format(line.strip()) for line in lines if line.strip()}


def knows_texts_by_classes(bundle: str | Path) -> bool:
    """Return whether the texts of a bundle meet its images by the names of its classes only."""
    return bool(_own_classes(Path(bundle, CONFIG_FILE)))


def _own_classes(config: str | Path) -> list[str]:
    names: list[str] = json.loads(Path(config).read_text(encoding="utf-8")).get("classes", [])
    return names


def write(path: str | Path, texts: Mapping[str, str], embedding: NDArray[np.float32] | None) -> None:
    """Write encoded texts; an encoder without a text tower has no texts, and embeddings without width.

    Args:
        path: npz file to write.
        texts: N texts by id.
        embedding: float32 (N, D); None for an encoder without a text tower.
    """
    kept = {} if embedding is None else texts
    array_files.write_arrays(
        path,
        text_id=np.array(list(kept), dtype=str),
        text=np.array([text[:LONGEST_TEXT] for text in kept.values()], dtype=str),
        embedding=np.zeros((0, 0), np.float32) if embedding is None else embedding,
    )


def read(path: str | Path) -> EncodedTexts | None:
    """Read encoded texts; None if the encoder has no text tower.

    Raises:
        InputError: as `array_files.read`.
    """
    arrays = array_files.read(path, ("text_id", "embedding"))
    embedding = arrays["embedding"]
    return EncodedTexts(arrays["text_id"], embedding) if embedding.shape[1] else None
