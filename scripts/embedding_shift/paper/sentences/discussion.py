"""Sentences on what a reader should take away from a run, for the discussion and the conclusion."""

from collections.abc import Iterator

from embedding_shift.metrics import registry
from embedding_shift.paper import findings, latex
from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.latex import Macro
from embedding_shift.paper.sentences.wording import emphasised, joined, share_of
from embedding_shift.plots import labels
from embedding_shift.study.variants import variant_names


def sentences(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the sentences of the discussion and the conclusion; those that a run cannot support are empty."""
    yield ("ranking_takeaway_sentence",), _ranking(inputs)
    yield ("size_takeaway_sentence",), _size(inputs) if inputs.study else ""
    yield ("dose_takeaway_sentence",), _dose(inputs) if inputs.study else ""
    yield ("flaws_takeaway_sentence",), _flaws(inputs) if inputs.study else ""
    yield ("encoders_takeaway_sentence",), _encoders(inputs)
    yield ("same_weights_sentence",), _same_weights(inputs)
    yield ("shift_conclusion_sentence",), _conclusion(inputs)


def _ranking(inputs: PaperInputs) -> str:
    """Say how far the ranking by cosine similarity is a ranking at all."""
    found = findings.separation(inputs)
    if not found.pairs:
        return "One augmentation alone has no ranking."
    if not findings.enough_images(inputs):
        return "This run has too few images to separate any two augmentations by the corrected test."
    neighbours = share_of(found.separated_neighbours, found.neighbours, "pair", "of neighbours")
    if found.separated_neighbours == found.neighbours:
        return f"The ranking by cosine similarity is a strict order: the corrected test separates {neighbours}."
    if found.separated_pairs == 0:
        return "The ranking by cosine similarity is not resolved: the corrected test separates no two augmentations."
    return (
        "The ranking by cosine similarity should be read as groups and not as a strict order: the corrected test "
        f"separates only {neighbours}."
    )


def _size(inputs: PaperInputs) -> str:
    """Compare the shifts with another photograph."""
    names = findings.beyond(inputs, variant_names.ANOTHER)
    if names is None:
        return ""
    if not names:
        return (
            "For this encoder, a view is on average more similar to its original than another photograph of the "
            "dataset is, under every augmentation."
        )
    augmentations = joined([emphasised(inputs.main.augmentations[name]) for name in names])
    return (
        f"For this encoder, a view under {augmentations} is on average less similar to its original than another "
        "photograph of the dataset is."
    )


def _dose(inputs: PaperInputs) -> str:
    """Say whether the ranking depends on the configured doses."""
    found = findings.equal_damage(inputs)
    if not found:
        return ""
    changes = joined(
        [
            f"{share_of(entry.changed, entry.augmentations, 'augmentation')} at equal {labels.DAMAGE[entry.measure]}"
            for entry in found
        ]
    )
    if not any(entry.changed for entry in found):
        return "The ranking does not depend on the configured doses: no rank changes at equal damage to the pixels."
    return (
        "The ranking describes the configured doses rather than the kinds of augmentation: the rank changes for "
        f"{changes}."
    )


def _flaws(inputs: PaperInputs) -> str:
    """Say what the flaws of the released scripts do to the verdicts, together."""
    found = findings.changed_verdicts(inputs)
    if not found.claims:
        return ""
    changed = share_of(found.by_all, found.claims, "tested claim")
    if not found.by_any:
        return "The flaws of the released scripts change no verdict on the images of the study."
    return f"Together, the flaws of the released scripts change the verdict on {changed} on the images of the study."


def _encoders(inputs: PaperInputs) -> str:
    """Say how alike encoders with different weights rank the augmentations; empty if there are no two of them."""
    frame = inputs.rank_agreement
    if frame is None:
        return ""
    taus = frame.loc[(frame["metric"] == findings.MAIN_METRIC) & ~frame["same_weights"].astype(bool), "kendall_tau"]
    if taus.empty:
        return ""
    label = registry.REGISTRY[findings.MAIN_METRIC].label.lower()
    low, high = latex.number(taus.min()), latex.number(taus.max())
    values = f"is {low}" if low == high else f"ranges from {low} to {high} over pairs of encoders"
    return rf"Kendall's $\tau_a$ between the rankings of two encoders by {label} {values} (1: the same ranking)."


def _same_weights(inputs: PaperInputs) -> str:
    """Name the encoders that have the same weights; empty if all differ."""
    frame = inputs.rank_agreement
    if frame is None or not frame["same_weights"].any():
        return ""
    groups: list[dict[str, None]] = []
    for first, second in frame.loc[frame["same_weights"].astype(bool), ["first", "second"]].itertuples(index=False):
        group = next((group for group in groups if first in group), None)
        if group is None:
            groups.append(group := {})
        group |= {first: None, second: None}
    named = "; ".join(f"{joined(list(map(emphasised, group)))} have the same weights" for group in groups)
    return f"{named}, so that their agreement is not stated."


def _conclusion(inputs: PaperInputs) -> str:
    """Name the augmentations with the largest and the smallest shift."""
    augmentations, ranked = inputs.main.augmentations, inputs.main.ranked(findings.MAIN_METRIC)
    if len(ranked) < 2:
        return ""
    return (
        f"{emphasised(augmentations[ranked[0]])} shifts the embedding most and "
        f"{emphasised(augmentations[ranked[-1]])} shifts it least."
    )
