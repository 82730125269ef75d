"""Derive the findings that numbers and sentences of the paper share from the tables of a run."""

from dataclasses import dataclass
from itertools import pairwise
from math import comb
from typing import Any

import pandas as pd

from embedding_shift.claims import published_claims, table, verdicts
from embedding_shift.metrics import registry
from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.views import image_difference

MAIN_METRIC = "cosine_similarity"
# The topics of claims, each with its own part of the results.
SHIFT, GROUPS, ATTENTION, METRICS = "shift", "groups", "attention", "metrics"
EVIDENCE = {
    SHIFT: r"Table~\ref{tab:ranking}",
    GROUPS: r"Figure~\ref{fig:dendrogram}",
    ATTENTION: r"Table~\ref{tab:ranking}",
    METRICS: r"Figure~\ref{fig:metric_heatmap}",
}
TOPIC_OF_KIND = {"embedding": SHIFT, "attention": ATTENTION, "registered_attention": ATTENTION}


@dataclass(frozen=True)
class JudgedClaim:
    """A published claim with the verdict of this run.

    Attributes:
        claim: the claim as the claims file states it.
        judgement: the verdict of this run.
    """

    claim: published_claims.Claim
    judgement: verdicts.Judgement

    @property
    def topic(self) -> str:
        """The part of the results that shows the evidence."""
        if not self.claim.metric:  # a claim on the dendrogram
            return GROUPS
        if self.claim.kind == "correlation":
            return METRICS
        return TOPIC_OF_KIND.get(registry.REGISTRY[self.claim.metric].kind, METRICS)


def judged_claims(inputs: PaperInputs) -> list[JudgedClaim]:
    """Return the published claims with the verdicts of claims.csv, in the order of the claims file.

    Raises:
        InputError: a claim has no verdict, or a verdict is on a claim that the claims file does not have.
    """
    return [JudgedClaim(*pair) for pair in table.joined(inputs.published_claims, inputs.claims)]


@dataclass(frozen=True)
class Separation:
    """How many pairs of augmentations the corrected test separates by cosine similarity.

    Attributes:
        pairs, separated_pairs: all pairs, and those that it separates.
        neighbours, separated_neighbours: the same for neighbours in the ranking.
    """

    pairs: int
    separated_pairs: int
    neighbours: int
    separated_neighbours: int


def separation(inputs: PaperInputs) -> Separation:
    """Count the pairs of augmentations that the corrected test separates at the level of the run."""
    frame = inputs.paired_differences
    frame = frame[frame["metric"] == MAIN_METRIC]
    level = 1 - inputs.settings["bootstrap"]["confidence"]
    separated, neighbours = frame["p_holm"] <= level, frame["neighbours"].astype(bool)
    return Separation(len(frame), int(separated.sum()), int(neighbours.sum()), int((separated & neighbours).sum()))


def enough_images(inputs: PaperInputs) -> bool:
    """Return whether the corrected signed-rank test can separate any two augmentations with so few images.

    Its smallest p value for n images is 2 ** (1 - n), which Holm's correction multiplies by the number of pairs.
    """
    pairs = comb(len(inputs.main.augmentations), 2)
    return 2.0 ** (1 - len(inputs.manifest)) * pairs <= 1 - inputs.settings["bootstrap"]["confidence"]


def beyond(inputs: PaperInputs, reference: str) -> list[str] | None:
    """Return the augmentations whose mean shift exceeds that of a reference of the study; None without the reference.

    The order is that of the configuration.
    """
    frame = inputs.study["noise_floor"]
    level = frame.loc[(frame["metric"] == MAIN_METRIC) & (frame["reference"] == reference), "mean"]
    if level.empty:
        return None
    main = inputs.main
    return [name for name in main.augmentations if main.value(name, MAIN_METRIC) < level.iloc[0]]


@dataclass(frozen=True)
class DoseStart:
    """What an augmentation whose dose scale jumps at 0 does at a vanishing dose.

    Attributes:
        name: name of the augmentation.
        rmse: mean RMSE in grey levels.
        share, low, high: shift of the embedding as a share of that as configured, with its interval; NaN where they are
            not defined.
    """

    name: str
    rmse: float
    share: float
    low: float
    high: float


def dose_starts(inputs: PaperInputs) -> list[DoseStart]:
    """Return the augmentations whose dose scale jumps at 0, in the order of the configuration."""
    frame = inputs.study["dose_start"]
    rmse = frame[frame["metric"] == "rmse"].set_index("augmentation")["mean"]
    shares = frame[frame["metric"] == MAIN_METRIC].set_index("augmentation")
    return [
        DoseStart(name, float(rmse[name]), *map(float, shares.loc[name, ["share", "share_low", "share_high"]]))
        for name in inputs.main.augmentations
        if name in shares.index
    ]


@dataclass(frozen=True)
class EqualDamage:
    """The ranking by cosine similarity where augmentations do equal damage to the pixels.

    Attributes:
        measure: name of the measure of damage.
        augmentations: how many augmentations have doses.
        changed: how many of them have another rank than as configured.
        largest: name of the augmentation with the largest shift.
        overlapping: how many pairs of neighbours have intervals that overlap; None without intervals.
        left_out: reason by name of the augmentations with a dose scale that cannot do this damage.
    """

    measure: str
    augmentations: int
    changed: int
    largest: str
    overlapping: int | None
    left_out: dict[str, str]


def equal_damage(inputs: PaperInputs) -> list[EqualDamage]:
    """Return the ranking at equal damage for each measure of damage; empty if it cannot be given."""
    frame = inputs.study["equal_damage"]
    frame = frame[frame["metric"] == MAIN_METRIC]
    blocks = ((name, frame[frame["damage"] == name]) for name in image_difference.MEASURES)
    without_dose = inputs.study["equal_doses"].dropna(subset="reason")
    reasons = {
        name: without_dose[without_dose["damage"] == name].set_index("augmentation")["reason"].to_dict()
        for name in image_difference.MEASURES
    }
    return [_equal_damage(name, block, reasons[name]) for name, block in blocks if len(block)]


def _equal_damage(measure: str, block: pd.DataFrame, left_out: dict[Any, str]) -> EqualDamage:
    changed = int((block["rank"] != block["rank_at_setting"]).sum())
    largest = str(block.sort_values("rank", kind="stable")["augmentation"].iloc[0])
    ordered = block.sort_values("value")
    bounds = zip(ordered["ci_low"], ordered["ci_high"], strict=True)
    overlapping = (
        sum(lower[1] >= upper[0] for lower, upper in pairwise(bounds)) if ordered["ci_low"].notna().any() else None
    )
    return EqualDamage(measure, len(block), changed, largest, overlapping, left_out)


@dataclass(frozen=True)
class ChangedVerdicts:
    """How many claims change their verdict when flaws of the released scripts are switched on.

    Where a flaw leaves the draw to chance, a verdict changes if it is another one in more than half of the runs.

    Attributes:
        claims: claims that the images of the study can test.
        by_any: claims that change under at least one flaw, or under all flaws together.
        by_single: claims that change under a single flaw.
        by_all: claims that change under all flaws together.
    """

    claims: int
    by_any: int
    by_single: int
    by_all: int


def changed_verdicts(inputs: PaperInputs) -> ChangedVerdicts:
    """Count the claims that change their verdict under the flaws of the audit."""
    frame = inputs.study["audit_claims"]
    other = frame[frame["corrected"] != frame["as_released"]]
    shares = other.groupby(["flaw", "claim"], sort=False)["share"].sum().reset_index()
    changed = shares[shares["share"] > 0.5]
    together = changed["flaw"] == "all"
    return ChangedVerdicts(
        claims=frame.loc[frame["corrected"] != verdicts.NOT_TESTED, "claim"].nunique(),
        by_any=changed["claim"].nunique(),
        by_single=changed.loc[~together, "claim"].nunique(),
        by_all=changed.loc[together, "claim"].nunique(),
    )
