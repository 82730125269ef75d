"""Files of encoded texts: `text_id`, `text` and `embedding` (N, D) in the order in which the texts were given."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_shift.encoders.bundle_names import CONFIG_FILE
from embedding_shift.errors import InputError
from embedding_shift.io import array_files
from embedding_shift.words import prompts
from embedding_shift.words.named_parts import phrases

LONGEST_CAPTION = 2**30  # characters of a caption in the manifest
LONGEST_TEXT = 500  # characters that a file keeps of a text; the whole text is encoded
CLASS_TEXT = "a photo of a {}."  # the text of a class, as in OpenAI's CLIP for zero-shot classification
OWN_CLASS_TEXT = "a photo of {}"  # that of a class of the encoder itself
CAPTIONS, CLASSES, PHRASES, PROMPTS = "captions", "classes", "phrases", "prompts"
SETS = (CAPTIONS, CLASSES, PHRASES, PROMPTS)
# The logit scale of text towers that have none. Training clips that of CLIP here (Radford et al. 2021, section 2.5).
USUAL_SCALE = 100.0


class EncodedTexts(NamedTuple):
    """Texts that an encoder encoded.

    Attributes:
        text_ids: N ids.
        embedding: float32 (N, D), not normalised.
        logit_scale: the factor by which the encoder multiplies cosines, for the names of classes.
    """

    text_ids: NDArray[np.str_]
    embedding: NDArray[np.float32]
    logit_scale: float = USUAL_SCALE


def texts_of(name: str, source: str | Path) -> dict[str, str]:
    """Return the texts of a set by id.

    Args:
        name: one of SETS.
        source: the file that holds them: a manifest, a list with one class per line or the configuration of a bundle
            with a classifier, or a file of phrases or prompts. Images without a caption are left out.

    Raises:
        InputError: the file does not exist or is not of this form, or a list names fewer than two classes.
    """
    if name == CAPTIONS:
        return _column(source, "caption")
    if name == PROMPTS:
        return prompts.read(source).texts()
    if name == PHRASES:
        return phrases.read(source).texts()
    if Path(source).name == CONFIG_FILE:
        names = own_classes(Path(source).parent)
        return {f"class {number}": OWN_CLASS_TEXT.format(label) for number, label in enumerate(names)}
    return {name: CLASS_TEXT.format(name) for name in _listed_classes(source)}


def own_classes(bundle: str | Path) -> list[str]:
    """Return the names of the classes of a bundle with a classifier, whose texts meet its images by these names only.

    The list is empty for any other bundle.
    """
    names: list[str] = json.loads(Path(bundle, CONFIG_FILE).read_text(encoding="utf-8")).get("classes", [])
    return names


def _listed_classes(path: str | Path) -> list[str]:
    """Return the names of classes in a file, one per line; empty and repeated lines do not count."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise InputError(f"there is no file {path} with classes (config: words.classes)") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} cannot be read as UTF-8: {error}") from None
    names = dict.fromkeys(line.strip() for line in lines if line.strip())
    if len(names) < 2:
        raise InputError(f"{path} must name at least two classes, one per line; it names {len(names)}")
    return list(names)


def labels(manifest: str | Path) -> dict[str, str]:
    """Return the labels of a manifest by image id. Images without one are left out."""
    return _column(manifest, "label")


def _column(manifest: str | Path, name: str) -> dict[str, str]:
    csv.field_size_limit(LONGEST_CAPTION)
    with open(manifest, newline="", encoding="utf-8") as file:
        return {row["image_id"]: row[name] for row in csv.DictReader(file) if row.get(name, "").strip()}


def write(
    path: str | Path,
    texts: Mapping[str, str],
    embedding: NDArray[np.float32] | None,
    logit_scale: float | None = None,
) -> None:
    """Write encoded texts; an encoder without a text tower has no texts, and embeddings without width.

    Args:
        path: npz file to write.
        texts: N texts by id.
        embedding: float32 (N, D); None for an encoder without a text tower.
        logit_scale: the factor by which the encoder multiplies cosines; None if the texts are no names of classes.
    """
    kept = {} if embedding is None else texts
    scale = {} if logit_scale is None else {"logit_scale": np.array(logit_scale)}
    array_files.write_arrays(
        path,
        text_id=np.array(list(kept), dtype=str),
        text=np.array([text[:LONGEST_TEXT] for text in kept.values()], dtype=str),
        embedding=np.zeros((0, 0), np.float32) if embedding is None else embedding,
        **scale,
    )


def read(path: str | Path) -> EncodedTexts | None:
    """Read encoded texts; None if the encoder has no text tower.

    Raises:
        InputError: as `array_files.read`.
    """
    arrays = array_files.read(path, ("text_id", "embedding", "logit_scale"))
    embedding, scale = arrays["embedding"], float(arrays.get("logit_scale", USUAL_SCALE))
    return EncodedTexts(arrays["text_id"], embedding, scale) if embedding.shape[1] else None


def refuse_other_space(images: int, texts: int, kind: str) -> None:
    """Raise InputError if the embeddings of images and of texts of some kind have different widths."""
    if images != texts:
        raise InputError(
            f"the encoder's embeddings have the width {images} for images and {texts} for {kind}: they do not share a "
            "space"
        )
