"""Sentences on the images, the encoders and the augmentations of a run."""

from collections.abc import Iterator

from embedding_shift.paper import latex
from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.latex import Macro
from embedding_shift.paper.sentences.wording import counted


def sentences(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the sentences on what the run was made from."""
    n_images, n_augmentations = len(inputs.manifest), len(inputs.main.augmentations)
    yield ("image_count",), counted(n_images, "image")
    yield ("augmentation_count",), counted(n_augmentations, "augmentation")
    yield ("other_results_sentence",), _other_results(len(inputs.results))
    yield ("rejected_images_sentence",), _rejected(len(inputs.rejects))
    yield ("requested_images_sentence",), _requested(inputs.settings["n_images"], n_images)
    yield ("forward_pass_sentence",), _forward_pass(bool(inputs.main.ranked("attention_similarity")))
    yield ("elastic_sentence",), _elastic([row["transform"] for row in inputs.augmentations])


def _other_results(results: int) -> str:
    if results == 1:
        return ""
    return r"Section~\ref{sec:comparison} compares it with the other encoders and datasets of this run."


def _rejected(rejected: int) -> str:
    if rejected == 0:
        return r"All images were usable (Table~\ref{tab:rejects})."
    verb = "was" if rejected == 1 else "were"
    return rf"{counted(rejected, 'image')} {verb} left out; Table~\ref{{tab:rejects}} lists the reasons."


def _requested(requested: int | None, found: int) -> str:
    if requested is None:
        return ""
    if found < requested:
        return f"The configuration requests {counted(requested, 'image')}; only {latex.number(found)} could be used."
    return "The configuration requests this number of images."


def _forward_pass(attention: bool) -> str:
    if attention:
        return "One forward pass per view gives the embedding and the attention map of the final layer."
    return (
        "One forward pass per view gives the embedding. No attention map is known for this encoder, so the metrics "
        "that compare attention do not apply to it."
    )


def _elastic(transforms: list[str]) -> str:
    if "FastElasticTransform" not in transforms:
        return ""
    return "The elastic transform uses a faster smoothing than Albumentations, with the same result up to rounding."
