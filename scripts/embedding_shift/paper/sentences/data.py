"""Sentences on the images, the encoders and the augmentations of a run."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from embedding_shift.data.reject_reasons import SAME_PIXELS
from embedding_shift.encoders import view_fitting
from embedding_shift.metrics import registry
from embedding_shift.paper import latex
from embedding_shift.paper.inputs import PaperInputs, Row, steps_of_row
from embedding_shift.paper.latex import Macro
from embedding_shift.paper.sentences import wording
from embedding_shift.paper.sentences.wording import counted, joined
from embedding_shift.plots import labels

TIMES = r"$\times$"
SAFE_RATIO = 100  # two orders of magnitude between the error of reduced precision and the smallest shift


def sentences(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the sentences on what the run was made from."""
    n_images, n_augmentations = len(inputs.manifest), len(inputs.main.augmentations)
    yield ("image_count",), counted(n_images, "image")
    yield ("augmentation_count",), counted(n_augmentations, "augmentation")
    yield ("other_results_sentence",), _other_results(len(inputs.results))
    yield ("rejected_images_sentence",), _rejected(len(inputs.rejected_images))
    yield ("duplicates_sentence",), _duplicates(inputs)
    yield ("shared_content_sentence",), _shared_content(inputs)
    yield ("requested_images_sentence",), _requested(inputs.settings["n_images"], n_images)
    yield ("resize_sentence",), _resize(inputs.settings["resize"])
    yield ("aliasing_sentence",), _aliasing(inputs.settings["resize"])
    yield ("forward_pass_sentence",), _forward_pass(bool(inputs.main.ranked("attention_similarity")))
    yield ("encoder_input_sentence",), _encoder_input(inputs.settings["image_size"], inputs.provenances)
    yield ("precision_sentence",), _precision(inputs.precisions)
    yield ("exclusions_sentence",), _exclusions(inputs.exclusions)
    yield ("elastic_sentence",), _elastic(inputs.augmentations)
    yield ("several_transforms_sentence",), _several_transforms(inputs.augmentations)
    yield ("short_labels_sentence",), _short_labels(inputs.augmentations)


def _other_results(results: int) -> str:
    if results == 1:
        return ""
    return r"Appendix~\ref{sec:comparison} compares it with the other encoders and datasets of this run."


def _rejected(rejected: int) -> str:
    if rejected == 0:
        return r"All images were usable (Table~\ref{tab:rejects})."
    verb = "was" if rejected == 1 else "were"
    return rf"{counted(rejected, 'image')} {verb} left out; Table~\ref{{tab:rejects}} lists the reasons."


def _duplicates(inputs: PaperInputs) -> str:
    """Say how often images with the same pixels count."""
    if inputs.main.dataset in inputs.settings["kept_duplicates"]:
        return "Images with the same pixels are all used, so that an image counts as often as it occurs."
    copies = sum(row["reason"].startswith(SAME_PIXELS) for row in inputs.rejected_images)
    if copies == 0:
        return "No two images have the same pixels." if len(inputs.manifest) > 1 else ""
    left_out = (
        "1 image was left out as a copy" if copies == 1 else f"{counted(copies, 'image')} were left out as copies"
    )
    return f"Images with the same pixels count once; {left_out}."


def _shared_content(inputs: PaperInputs) -> str:
    """Say how often an image counts that several URLs give."""
    kept = [latex.escape(label) for label in inputs.acquisitions if label in inputs.settings["kept_duplicates"]]
    if not kept:
        return "An image that several URLs give is used once."
    return f"In {joined(kept)}, an image that several URLs give is used once for each of them."


def _requested(requested: int | None, found: int) -> str:
    if requested is None:
        return ""
    if found < requested:
        return f"The configuration requests {counted(requested, 'image')}; only {latex.number(found)} could be used."
    return "The configuration requests this number of images."


def _resize(method: str) -> str:
    if method == "antialiased":
        return "An antialiasing filter averages the pixels that a smaller image merges; the original scripts use none."
    return "As in the original scripts, the interpolation is bilinear, without an antialiasing filter."


def _aliasing(method: str) -> str:
    """Say what resizing without a filter means for the results."""
    if method == "antialiased":
        return "Unlike in the original paper, an antialiasing filter removes detail that the smaller image cannot hold."
    return (
        "Without an antialiasing filter, images that shrink to less than half keep detail as aliasing, and every shift "
        r"includes its effect.\withstudy{ Appendix~\ref{sec:audit} measures it.}{}"
    )


def _forward_pass(attention: bool) -> str:
    if attention:
        return "One forward pass per view gives the embedding and the attention map of the final layer."
    return (
        "One forward pass per view gives the embedding. No attention map of whole views is known for this encoder, so "
        "the metrics that compare attention do not apply to it."
    )


def _encoder_input(view_size: int, provenances: Mapping[str, Mapping[str, Any]]) -> str:
    """Say what the preprocessing of each encoder does to views of another size than its input.

    Args:
        view_size: side of the views in pixels.
        provenances: content of provenance.json by label of the encoder.
    """
    groups: dict[view_fitting.Fitting | None, list[str]] = {}
    for label, provenance in provenances.items():
        fitting = view_fitting.of_tower(view_size, provenance["tower"])
        groups.setdefault(fitting if fitting.is_resized else None, []).append(wording.emphasised(label))
    if list(groups) == [None]:
        encoders = "the encoder" if len(provenances) == 1 else "every encoder"
        return f"The views have the input size of {encoders}, so none of them is resized again."
    return " ".join(_fitted(fitting, wording.joined(labels)) for fitting, labels in groups.items())


def _fitted(fitting: view_fitting.Fitting | None, encoders: str) -> str:
    if fitting is None:
        return f"The views have the input size of {encoders}."
    sentence = (
        f"For {encoders}, each view of ${fitting.view_size}\\times{fitting.view_size}$ pixels {fitting.in_words(TIMES)}"
    )
    if fitting.shows_whole_view:
        smaller = fitting.resized[0] < fitting.view_size
        return f"{sentence}." + " This averages neighbouring pixels and weakens fine detail and noise." * smaller
    share = f"{100 * fitting.share_shown:.0f}"
    seen = rf"the encoder sees {share}\,\% of the view" if fitting.share_shown < 1 else "a part of the input is empty"
    return f"{sentence}: {seen}, so its attention is not compared."


def _precision(precisions: dict[str, pd.DataFrame]) -> str:
    """Say whether encoders compute in single precision, and otherwise whether their errors may hide a shift."""
    if not precisions:
        return "Encoders compute in single precision."
    close = [
        f"{registry.REGISTRY[metric].label} of {label}"
        for label, frame in precisions.items()
        for metric in frame.loc[frame["ratio"] < SAFE_RATIO, "metric"]
    ]
    compared = (
        r"Not every encoder computes in single precision; Table~\ref{tab:precision} compares the resulting errors with "
        "the smallest mean shift, on a sample of the views."
    )
    if not close:
        return f"{compared} The mean error is at least {SAFE_RATIO} times smaller throughout."
    names = latex.escape("; ".join(close))
    return (
        f"{compared} The mean error is less than {SAFE_RATIO} times smaller for {names}: there, "
        "small shifts may be rounding errors."
    )


def _exclusions(exclusions: list[Row]) -> str:
    """Say how many values are not defined, and on how many images."""
    if not exclusions:
        return "Every metric has a value for every image under every augmentation."
    verb = "is" if len(exclusions) == 1 else "are"
    images = counted(len({row["image_id"] for row in exclusions}), "image")
    return (
        f"{counted(len(exclusions), 'value')} {verb} not defined, on {images}; Table~\\ref{{tab:exclusions}} gives the "
        "reasons."
    )


def _elastic(augmentations: list[Row]) -> str:
    names = {name for row in augmentations for name, _ in steps_of_row(row)}
    if "FastElasticTransform" not in names:
        return ""
    return "The elastic transform uses a faster smoothing than Albumentations, with the same result up to rounding."


def _short_labels(augmentations: list[Row]) -> str:
    """Say that figures do not show long labels in full."""
    if all(len(row["label"]) <= labels.LONGEST for row in augmentations):
        return ""
    return f"Figures shorten labels to {labels.LONGEST} characters."


def _several_transforms(augmentations: list[Row]) -> str:
    """Name the augmentations that consist of several transforms."""
    found = [wording.emphasised(row["label"]) for row in augmentations if len(steps_of_row(row)) > 1]
    if not found:
        return ""
    verb = "applies" if len(found) == 1 else "apply"
    return (
        f"{wording.joined(found)} {verb} several transforms one after the other, each with draws of its own. "
        "There is no dose scale for such a combination."
    )
