"""Sentences on the study: floor and ceiling, equal damage, variance, and the audit of the released scripts."""

from collections.abc import Iterator, Mapping
from math import isnan

import pandas as pd

from embedding_shift.metrics import registry
from embedding_shift.paper import findings, latex
from embedding_shift.paper.findings import DoseStart, EqualDamage
from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.latex import Macro
from embedding_shift.paper.sentences.wording import counted, emphasised, joined, share_of
from embedding_shift.paper.tables import layout
from embedding_shift.plots import labels
from embedding_shift.study.tables import variance
from embedding_shift.study.variants import variant_names

COMPONENTS = {
    "augmentation": "the differences between augmentations make up",
    "image": "those between images",
    "image_by_augmentation": "the interaction of the two",
    "draw": "draws of the same augmentation on the same image",
}


def sentences(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the sentences on the study; without a study, only those that the rest of the paper places."""
    yield ("study_abstract_sentence",), _abstract(inputs) if inputs.study else ""
    yield ("variation_limitation_sentence",), _variation_limitation(inputs)
    yield ("draws_limitation_sentence",), _draws_limitation(inputs)
    if inputs.study:
        yield ("study_views_sentence",), _views(inputs)
        yield ("floor_sentence",), _floor(inputs)
        yield ("dose_start_sentence",), _dose_starts(inputs)
        yield ("equal_damage_sentence",), _equal_damage(inputs)
        yield ("variance_design_sentence",), _variance_design(inputs)
        yield ("variance_sentence",), _variance(inputs)
        yield ("variance_intervals_sentence",), _variance_intervals(inputs)
        yield ("failures_sentence",), _failures(inputs.settings["study"]["failure_share"])
        yield ("filtered_audit_sentence",), _filtered_audit(inputs.settings["resize"])
        yield ("few_images_sentence",), _few_images(inputs)
        yield ("audit_claims_sentence",), _audit_claims(inputs)


def _abstract(inputs: PaperInputs) -> str:
    parts = ["a noise floor"]
    if findings.beyond(inputs, variant_names.ANOTHER) is not None:
        parts.append("the shift to another photograph")
    sentence = f"A study of {counted(inputs.study_images, 'image')} compares shifts with {joined(parts)}"
    if findings.equal_damage(inputs):
        sentence += ", and ranks augmentations at equal damage to the pixels"
    return f"{sentence}."


def _views(inputs: PaperInputs) -> str:
    """Say which further views the study makes, and of how many images."""
    draws = inputs.settings["study"]["draws"]
    made = ["reference images"]
    made += [f"further draws of every augmentation ({latex.number(draws)} in total)"] if draws > 1 else []
    made += ["graded doses of the augmentations that have a dose scale"] if inputs.settings["study"]["doses"] else []
    made += ["parts of the augmentations that apply several transforms"] if inputs.steps is not None else []
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


def _dose_starts(inputs: PaperInputs) -> str:
    """Name the augmentations whose scale jumps at dose 0, and say how much they do at a vanishing dose."""
    names = {start.name: emphasised(inputs.main.augmentations[start.name]) for start in findings.dose_starts(inputs)}
    if not names:
        return "In this run, every dose scale starts at the unchanged image."
    starts = findings.dose_starts(inputs)
    respectively = ", respectively" if len(starts) > 1 else ""
    sentence = (
        f"In this run, a vanishing dose of {joined(list(names.values()))} still changes the image, by an RMSE of "
        f"{joined([latex.significant(start.rmse) for start in starts])} grey levels{respectively}."
    )
    shares = [
        f"{_share(start)} of the configured shift of {names[start.name]}" for start in starts if not isnan(start.share)
    ]
    return f"{sentence} This alone makes up {joined(shares)}." if shares else sentence


def _share(start: DoseStart) -> str:
    share = layout.percent(start.share)
    if isnan(start.low):
        return share
    return rf"{share} ({layout.percent(start.low)} to {layout.percent(start.high)})"


def _equal_damage(inputs: PaperInputs) -> str:
    """Say for each measure of damage how many ranks change, and which augmentation then shifts the embedding most."""
    found = findings.equal_damage(inputs)
    if not found:
        return "No two augmentations reach a common damage on their doses, so none can be compared."
    return " ".join(_at_equal(entry, inputs.main.augmentations) for entry in found)


def _at_equal(entry: EqualDamage, augmentations: Mapping[str, str]) -> str:
    measure = labels.DAMAGE[entry.measure]
    changed = share_of(entry.changed, entry.augmentations, "augmentation")
    sentence = (
        f"At equal {measure}, the rank of {changed} changes, and {emphasised(augmentations[entry.largest])} shifts the "
        "embedding most."
    )
    if entry.overlapping is not None:
        pairs = share_of(entry.overlapping, entry.augmentations - 1, "pair", "of neighbours in this ranking")
        sentence += f" The intervals of {pairs} overlap."
    for name, reason in entry.left_out.items():
        sentence += f" {emphasised(augmentations[name])} is left out: {latex.escape(reason)}."
    return sentence


def _variance_design(inputs: PaperInputs) -> str:
    """Name the parts into which the variance of a metric splits."""
    parts = "It splits into a part of the image, a part of the augmentation, their interaction"
    if inputs.settings["study"]["draws"] > 1:
        return f"{parts}, and the draw."
    return f"{parts}; with one draw per image, the interaction includes the draw."


def _variance(inputs: PaperInputs) -> str:
    """Say how the variance of the shift by cosine similarity splits, with and without the dominating augmentation."""
    frame = inputs.study["variance"]
    of_metric = frame[frame["metric"] == findings.MAIN_METRIC]
    if not of_metric["share"].sum() > 0:
        return "The shift by cosine similarity has no variance to split."
    everything = of_metric[of_metric["split"] == variance.ALL]
    if len(everything) == 1:
        return "In this run, only one of these parts can vary, so there is nothing to compare."
    sentence = f"By cosine similarity, {_parts(everything)} of the variance."
    rest = of_metric[of_metric["split"] == variance.WITHOUT_LARGEST]
    if rest["share"].sum() > 0:
        largest = emphasised(inputs.main.augmentations[rest["largest"].iloc[0]])
        leverage = layout.percent(rest["leverage"].iloc[0])
        sentence += (
            f" The views of {largest} alone contribute {leverage} of the squared deviations from the mean; without "
            f"them, {_parts(rest)}."
        )
    return f"{sentence} {_draws(frame)}".strip()


def _parts(rows: pd.DataFrame) -> str:
    """Name the components with their shares and intervals."""
    found = rows.set_index("component")
    shares = []
    for name, words in COMPONENTS.items():
        if name in found.index:
            share, low, high = (found[key].astype(float)[name] for key in ("share", "share_low", "share_high"))
            bounds = "" if isnan(low) else rf" ({100 * low:.0f} to {100 * high:.0f}\,\%)"
            shares.append(f"{words} {layout.percent(share)}{bounds}")
    return joined(shares)


def _draws(frame: pd.DataFrame) -> str:
    """Name the metrics for which the draw outweighs the image, so that one draw says little about one image."""
    rest = frame[frame["split"] == variance.WITHOUT_LARGEST]
    table = rest.pivot(index="metric", columns="component", values="share").fillna(0)
    if "draw" not in table:
        return ""
    images = sum((table[name] for name in ("image", "image_by_augmentation") if name in table), start=0 * table["draw"])
    outweighed = set(table[table["draw"] > images].index)
    names = [metric.label for metric in registry.in_order() if metric.name in outweighed]
    if not names:
        return (
            "Without the augmentation that dominates a metric, the draw outweighs the image and its interaction with "
            "the augmentation for no metric."
        )
    return (
        "Without the augmentation that dominates a metric, the draw outweighs the image and its interaction with the "
        f"augmentation for the following metrics: {latex.escape('; '.join(names))}. For these, one draw per image, as "
        "in the original paper and in the main run here, says little about a single image."
    )


def _variance_intervals(inputs: PaperInputs) -> str:
    """Say where the intervals of the shares come from, or that the study has too few images for them."""
    if inputs.study_images < variance.FEWEST_IMAGES:
        return f"Intervals need {variance.FEWEST_IMAGES} images, and the study has {latex.number(inputs.study_images)}."
    return r"\ConfidencePercent{} intervals come from the jackknife over images on the logit scale."


def _variation_limitation(inputs: PaperInputs) -> str:
    """Say which variation the intervals hold beside that between images."""
    given = inputs.views_given
    if len(inputs.manifest) == 1:
        views = "with one counterpart under each augmentation" if given else "which is augmented once per augmentation"
        drawn = "counterparts" if given else "draws"
        return f"The main run has one image, {views}: its values describe this image and these {drawn} alone."
    if given:
        return (
            "Each image has one counterpart under each augmentation, so the intervals combine the variation between "
            "images with that between results of the other program for one image."
        )
    return (
        "In the main run, each image is augmented once per augmentation, so the intervals combine the variation "
        "between images with the variation between draws."
    )


def _draws_limitation(inputs: PaperInputs) -> str:
    """Say whether this run separates the variation between draws from that between images; one image has neither."""
    if len(inputs.manifest) == 1:
        return ""
    if inputs.study and inputs.settings["study"]["draws"] > 1:
        return r"Table~\ref{tab:variance} separates the two."
    return "This run cannot separate the two."


def _failures(share: float) -> str:
    if not share:
        return "In this run, no view and no image counts as failed."
    failed = layout.percent(share)
    return f"In this run, {failed} of the views, and of the images, count as failed (our choice), and at least one."


def _filtered_audit(resize: str) -> str:
    """Say, for a run that resizes with a filter, why its audit of all flaws together has no aliasing."""
    if resize == "bilinear":
        return ""
    return "All flaws together leave out the resize, because the further draws of this run exist only with the filter."


def _few_images(inputs: PaperInputs) -> str:
    """Say how far the means and ranks of three images stray from those of all."""
    frame = inputs.study["few_images"]
    found = frame[frame["metric"] == findings.MAIN_METRIC].to_dict("records")
    if not found:
        return "This run has too few images, or augmentations, to compare three images with all of them."
    (row,) = found
    confidence = rf"{100 * inputs.settings['bootstrap']['confidence']:g}\,\%"
    changed = share_of(row["rank_changes"], len(inputs.main.augmentations), "augmentation")
    most = f"{latex.number(row['changes_low'])} to {latex.number(row['changes_high'])}"
    tau = rf"{latex.number(row['kendall_tau'])} [{latex.number(row['tau_low'])}, {latex.number(row['tau_high'])}]"
    return (
        f"Of the {counted(row['n'], 'image')} of this run, three at random give mean shifts by cosine similarity that "
        f"differ from those of all images by {layout.percent(row['deviation'])} (root mean square, for a typical "
        f"augmentation). In the median, {changed} change their rank, and {most} in {confidence} of the samples. "
        rf"Kendall's $\tau_b$ between the two rankings is {tau}."
    )


def _audit_claims(inputs: PaperInputs) -> str:
    """Say how many claims change their verdict under the flaws."""
    found = findings.changed_verdicts(inputs)
    if not found.claims:
        return "No claim can be tested on these images, so no flaw can change a verdict."
    if not found.by_any:
        return "No claim changes its verdict under any flaw."
    return (
        f"The verdict on {share_of(found.by_any, found.claims, 'tested claim')} changes under at least one of the "
        f"flaws or under all together, and the verdict on {latex.number(found.by_single)} of them under a single flaw."
    )
