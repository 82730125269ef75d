"""Sentences on the study: floor and ceiling, equal damage, variance, and the audit of the released scripts."""

from collections.abc import Iterator

import pandas as pd

from embedding_shift.metrics import registry
from embedding_shift.paper import findings, latex
from embedding_shift.paper.findings import EqualDamage
from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.latex import Macro
from embedding_shift.paper.sentences.wording import counted, emphasised, joined, share_of
from embedding_shift.paper.tables import layout
from embedding_shift.plots import labels
from embedding_shift.study import variant_names

COMPONENTS = {
    "augmentation": "between augmentations",
    "image": "between images",
    "image_by_augmentation": "in how images differ from one augmentation to another",
    "draw": "between draws of the same augmentation on the same image",
}


def sentences(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the sentences on the study; without a study, only those that the rest of the paper places."""
    yield ("study_abstract_sentence",), _abstract(inputs) if inputs.study else ""
    yield ("draws_limitation_sentence",), _draws_limitation(inputs)
    if inputs.study:
        yield ("study_views_sentence",), _views(inputs)
        yield ("floor_sentence",), _floor(inputs)
        yield ("equal_damage_sentence",), _equal_damage(inputs)
        yield ("variance_design_sentence",), _variance_design(inputs)
        yield ("variance_sentence",), _variance(inputs.study["variance"])
        yield ("failures_sentence",), _failures(inputs.settings["study"]["failure_share"])
        yield ("audit_claims_sentence",), _audit_claims(inputs)


def _abstract(inputs: PaperInputs) -> str:
    parts = ["a noise floor"]
    if findings.beyond(inputs, variant_names.ANOTHER) is not None:
        parts.append("another photograph")
    sentence = f"A study of {counted(inputs.study_images, 'image')} compares shifts with {joined(parts)}"
    if findings.equal_damage(inputs):
        sentence += ", and ranks augmentations at equal damage to the pixels"
    return f"{sentence}."


def _views(inputs: PaperInputs) -> str:
    """Say which further views the study makes, and of how many images."""
    draws = inputs.settings["study"]["draws"]
    made = ["reference images"]
    made += [f"further draws of every augmentation ({latex.number(draws)} in total)"] if draws > 1 else []
    made += ["graded doses of the augmentations that have a dose scale"]
    return f"The study makes further views of {counted(inputs.study_images, 'image')}: {joined(made)}."


def _floor(inputs: PaperInputs) -> str:
    """Say how many augmentations shift the embedding further than the floor and than the ceiling."""
    total = len(inputs.main.augmentations)
    shifted = []
    for reference, words in ((variant_names.JPEG, "this JPEG compression"), (variant_names.ANOTHER, "the ceiling")):
        names = findings.beyond(inputs, reference)
        if names is not None:
            verb = "shifts" if 1 in (len(names), total) else "shift"
            shifted.append(f"{share_of(len(names), total, 'augmentation')} {verb} the embedding further than {words}")
    sentence = f"Averaged over the images of the main run, {joined(shifted)}."
    if len(shifted) == 2:
        return sentence
    return f"{sentence} A study of one image has no other photograph, and therefore no ceiling."


def _equal_damage(inputs: PaperInputs) -> str:
    """Say for each measure of damage how many ranks change, and which augmentation then shifts the embedding most."""
    found = findings.equal_damage(inputs)
    if not found:
        return "No two augmentations reach a common damage on their doses, so none can be compared."
    return " ".join(_at_equal(entry, inputs.main.augmentations[entry.largest]) for entry in found)


def _at_equal(entry: EqualDamage, largest: str) -> str:
    measure = labels.DAMAGE[entry.measure]
    changed = share_of(entry.changed, entry.augmentations, "augmentation")
    overlapping = share_of(entry.overlapping, entry.augmentations - 1, "pair", "of neighbours in this ranking")
    return (
        f"At equal {measure}, the rank of {changed} changes, and {emphasised(largest)} shifts the embedding most. The "
        f"intervals of {overlapping} overlap."
    )


def _variance_design(inputs: PaperInputs) -> str:
    """Name the parts into which the variance of a metric splits."""
    parts = "The variance of a metric splits into a part of the image, a part of the augmentation, their interaction"
    if inputs.settings["study"]["draws"] > 1:
        return f"{parts}, and the draw."
    return f"{parts}; with one draw per image, the interaction includes the draw."


def _variance(frame: pd.DataFrame) -> str:
    """Say which part of the variance of the cosine similarity each component has."""
    shares = frame[frame["metric"] == findings.MAIN_METRIC].set_index("component")["share"]
    if not shares.sum() > 0:
        return "The cosine similarity has no variance to split."
    parts = [f"{layout.percent(shares[name])} lies {words}" for name, words in COMPONENTS.items() if name in shares]
    return f"Of the variance of the cosine similarity, {joined(parts)}. {_draws(frame)}".strip()


def _draws(frame: pd.DataFrame) -> str:
    """Name the metrics for which the draw outweighs the image, so that one draw says little about one image."""
    table = frame.pivot(index="metric", columns="component", values="share").fillna(0)
    if "draw" not in table:
        return ""
    images = sum((table[name] for name in ("image", "image_by_augmentation") if name in table), start=0 * table["draw"])
    outweighed = set(table[table["draw"] > images].index)
    names = [metric.label for metric in registry.in_order() if metric.name in outweighed]
    if not names:
        return "For no metric does the draw outweigh the image and its interaction with the augmentation."
    return (
        "The draw outweighs the image and its interaction with the augmentation for the following metrics: "
        f"{latex.escape('; '.join(names))}. For these, one draw per image, as in the original paper and in the main "
        "run here, says little about a single image."
    )


def _draws_limitation(inputs: PaperInputs) -> str:
    """Say whether this run separates the variation between draws from that between images."""
    if inputs.study and inputs.settings["study"]["draws"] > 1:
        return r"Table~\ref{tab:variance} separates the two."
    return "This run cannot separate the two."


def _failures(share: float) -> str:
    if not share:
        return "No view is replaced by the unaugmented image."
    return f"The unaugmented image replaces {layout.percent(share)} of the views, and at least one."


def _audit_claims(inputs: PaperInputs) -> str:
    """Say how many claims change their verdict under the flaws."""
    found = findings.changed_verdicts(inputs)
    if not found.by_any:
        return "No claim changes its verdict under any flaw."
    return (
        f"The verdict on {share_of(found.by_any, found.claims, 'claim')} changes under at least one of the flaws or "
        f"under all together, and the verdict on {latex.number(found.by_single)} of them under a single flaw."
    )
