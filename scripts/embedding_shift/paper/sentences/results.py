"""Sentences on the results of the main run, which evidence the published claims."""

from collections.abc import Iterator
from itertools import combinations

import pandas as pd

from embedding_shift.metrics import registry
from embedding_shift.paper import findings, latex
from embedding_shift.paper.inputs import PaperInputs, Results
from embedding_shift.paper.latex import Macro
from embedding_shift.paper.sentences.wording import counted, emphasised, joined, share_of
from embedding_shift.statistics import notable_images

NO_ATTENTION = "No attention map is known for"


def sentences(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the sentences on shifts, tests, groups, attention and encoders."""
    main = inputs.main
    attention = bool(main.ranked("attention_similarity"))
    yield ("shift_sentence",), _shift(inputs)
    yield ("tests_sentence",), _tests(inputs)
    yield ("pair_sentence",), _pairs(inputs)
    yield ("constant_metrics_sentence",), _constant_metrics(main)
    yield ("attention_sentence",), _attention(inputs)
    yield ("notable_images_sentence",), _notable_images(inputs)
    yield ("notable_images_caption_sentence",), _notable_caption(attention, len(inputs.manifest))
    yield ("attention_note_sentence",), "" if attention else _note(main)
    yield ("attention_samples_sentence",), _attention_samples(attention)
    yield ("views_heading",), "Views and attention" if attention else "Views"
    yield ("views_sentence",), _views(inputs, attention)
    yield ("patch_range_sentence",), _patch_range(main)
    yield ("encoder_differences_sentence",), _encoder_differences(inputs)
    yield ("encoders_without_attention_sentence",), _without_attention(inputs.results)


def _shift(inputs: PaperInputs) -> str:
    if not inputs.main.ranked("cosine_similarity"):
        return "The cosine similarity is not defined for any view of this run."
    return _extremes(inputs, "cosine_similarity", "The embedding shifts")


def _attention(inputs: PaperInputs) -> str:
    if not inputs.main.ranked("attention_similarity"):
        return (
            f"{NO_ATTENTION} {latex.escape(inputs.main.model)}, so the metrics that compare attention do not apply to "
            r"it. Figure~\ref{fig:attention_samples} in the appendix shows sample images with their views."
        )
    return (
        f"{_extremes(inputs, 'attention_similarity', 'The attention of the final layer changes')} "
        r"Figure~\ref{fig:attention_samples} in the appendix shows the attention maps of sample images. Maps are "
        "compared position by position: where an augmentation moves the scene, attention that follows an object counts "
        "as changed."
    )


def _extremes(inputs: PaperInputs, metric: str, subject_and_verb: str) -> str:
    """Name the augmentations with the largest and the smallest change by a metric, with means and intervals."""
    main, label = inputs.main, registry.REGISTRY[metric].label.lower()
    coverage = rf"{100 * inputs.settings['bootstrap']['confidence']:g}\,\%"
    ranked = main.ranked(metric)
    first, last = ranked[0], ranked[-1]
    one_image = main.value(first, metric, "n") == 1
    mean, interval = latex.number(main.value(first, metric)), main.interval(first, metric)
    found = f"{label} {mean}" if one_image else f"mean {label} {mean}, {coverage} interval {interval}"
    largest = f"{emphasised(main.augmentations[first])} ({found})"
    if len(ranked) == 1:
        return f"{largest} is the only augmentation with a value."
    found = latex.number(main.value(last, metric))
    if not one_image:
        found += f", {main.interval(last, metric)}"
    return f"{subject_and_verb} most under {largest} and least under {emphasised(main.augmentations[last])} ({found})."


def _notable_images(inputs: PaperInputs) -> str:
    """Point to the figure, and say which image is most often the worst, and where it is farthest from the typical."""
    frame, labels = inputs.notable_images, inputs.main.augmentations
    figure = r"Figure~\ref{fig:notable_images_1}"
    worst = frame[frame["role"] == notable_images.WORST].set_index("augmentation")
    if worst.empty:
        return f"{figure} shows the only image under every augmentation."
    counts = worst["image_id"].value_counts(sort=False).sort_values(ascending=False, kind="stable")
    total = share_of(int(counts.iloc[0]), len(worst), "augmentation")
    sentence = f"{figure} shows the typical and the worst image of every augmentation. "
    sentence += rf"The image \texttt{{{latex.escape(counts.index[0])}}} is the worst one under {total}."
    typical = frame[frame["role"] == notable_images.TYPICAL].set_index("augmentation")
    shifts = 1 - pd.DataFrame({"typical": typical[findings.MAIN_METRIC], "worst": worst[findings.MAIN_METRIC]})
    ratios = (shifts["worst"] / shifts["typical"].where(shifts["typical"] > 0)).dropna()
    if ratios.empty:
        return sentence
    label = emphasised(labels[str(ratios.idxmax())])
    return (
        f"{sentence} The worst image stands out most under {label}, where it shifts the embedding "
        f"{latex.significant(ratios.max())} times as far as the typical one."
    )


def _notable_caption(attention: bool, images: int) -> str:
    shown = "the original and its view"
    if attention:
        shown += (
            ", the attention of the encoder on both, and the share of the attention that moved to other patches, "
            "without undoing the geometry"
        )
    if images == 1:
        return f"The only image under every augmentation: {shown}."
    return (
        "For every augmentation, the image nearest to the median cosine similarity (typical) and the image with the "
        f"lowest (worst): {shown}."
    )


def _note(main: Results) -> str:
    return f" {latex.ABSENT}: not applicable, because no attention map of {latex.escape(main.model)} is known."


def _attention_samples(attention: bool) -> str:
    if attention:
        return (
            "Sample images with the attention of the encoder on the original and on each view, and the cosine "
            "similarity of the embeddings."
        )
    return "Sample images with their views, and the cosine similarity of the embeddings."


def _views(inputs: PaperInputs, attention: bool) -> str:
    pages = inputs.settings["figures"]["attention_grid_pages"]
    shown = "each view above the attention of the encoder on it" if attention else "without attention maps"
    return (
        f"The following figures ({counted(pages, 'page')}) show images of the dataset under every augmentation, "
        f"{shown}. Images are shrunk by averaging, which softens noise."
    )


def _tests(inputs: PaperInputs) -> str:
    """Say how many pairs of augmentations the corrected test separates."""
    found = findings.separation(inputs)
    if not found.pairs:
        return "One augmentation alone leaves no pair to test."
    if not findings.enough_images(inputs):
        return (
            f"With {counted(len(inputs.manifest), 'image')}, even the smallest possible corrected $p$ value exceeds "
            "this level, so the test cannot separate any two augmentations."
        )
    pairs = share_of(found.separated_pairs, found.pairs, "pair", "of augmentations")
    neighbours = share_of(found.separated_neighbours, found.neighbours, "pair", "of neighbours in the ranking")
    return f"The test separates {pairs}, and {neighbours}."


def _pairs(inputs: PaperInputs) -> str:
    """Name the closest and the most distant pair of augmentations, and the augmentation most distant from all."""
    labels = inputs.main.augmentations
    ranked = sorted(combinations(labels, 2), key=lambda pair: inputs.distance_between(*pair))
    if not ranked:
        return "One augmentation alone leaves no pair to compare."
    closest, furthest = (
        f"{joined([emphasised(labels[name]) for name in pair])} ({latex.number(inputs.distance_between(*pair))})"
        for pair in (ranked[0], ranked[-1])
    )
    means = inputs.distance.sum() / (len(labels) - 1)
    alone = max(labels, key=lambda name: means[name])
    return (
        f"The two closest augmentations are {closest}, the two most distant are {furthest}. "
        f"{emphasised(labels[alone])} has the largest mean distance to all others ({latex.number(means[alone])})."
    )


def _constant_metrics(main: Results) -> str:
    """Say which metrics are left out of tests over augmentations."""
    names = [metric.label for metric in main.constant_metrics]
    if not names:
        return ""
    return (
        "Left out, because they are 1 by construction under an augmentation that only moves pixels: "
        f"{latex.escape('; '.join(names))}."
    )


def _patch_range(main: Results) -> str:
    """Give the range of the patch similarity over augmentations, as released and corrected."""
    ranges: list[str] = []
    for metric in ("patch_similarity_as_released", "patch_similarity"):
        values = [main.value(name, metric) for name in main.augmentations]
        values = [value for value in values if value == value]
        if not values:
            return ""
        ranges.append(f"from {latex.number(min(values))} to {latex.number(max(values))}")
    return f"In this run, means range {ranges[0]} as released, and {ranges[1]} in floating point."


def _encoder_differences(inputs: PaperInputs) -> str:
    """Say how many paired differences between encoders the corrected test finds."""
    frame = inputs.encoder_differences
    if frame is None:
        return ""
    frame = frame[frame["metric"] == findings.MAIN_METRIC]
    if frame.empty:
        return "No two encoders with different weights have a cosine similarity in common."
    found = int((frame["p_holm"] <= 1 - inputs.settings["bootstrap"]["confidence"]).sum())
    return (
        "Over all augmentations and pairs of encoders with different weights, Wilcoxon's signed-rank test with Holm's "
        f"correction finds a difference in cosine similarity in {share_of(found, len(frame), 'case')}."
    )


def _without_attention(results: list[Results]) -> str:
    """Name the encoders without an attention map; empty if all have one."""
    names = dict.fromkeys(latex.escape(entry.model) for entry in results if not entry.ranked("attention_similarity"))
    if not names:
        return ""
    return f"{NO_ATTENTION} {'; '.join(names)}: the metrics that compare attention do not apply."
