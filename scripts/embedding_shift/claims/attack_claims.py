"""Verdicts on the claims on attacks, by the attack on one encoder.

An effect is positive where the run agrees with the claim, and the interval decides as for the other claims (`judging`).

Kinds of claims and their effects, each at one ε:
    exceeds_augmentations: the smallest of all paired mean differences in shift, the attack minus an augmentation.
    exceeds_random_signs: the mean difference in shift, the attack minus random signs of the same size.
    transfers: the smallest such difference over the other encoders, by views that attack this one.
    told_by: the area under the ROC curve of a score, the attack against the views of all augmentations, minus chance.

A shift is 1 − cosine. The intervals of all differences of a claim hold at once.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from embedding_shift.adversarial import curves, detection
from embedding_shift.adversarial.attacked_views import ATTACK, SIGNS
from embedding_shift.adversarial.exchange import COSINE
from embedding_shift.claims.judging import Estimate, Untestable, order_statistic, require_images
from embedding_shift.claims.published_claims import Claim
from embedding_shift.claims.verdicts import Interval, Judgement, tested, untested
from embedding_shift.statistics import bootstrap

OFF = "this run attacks no encoder"
CHANCE = 0.5


@dataclass(frozen=True)
class Evidence:
    """What the claims are judged by.

    Attributes:
        measured: data frame of the attack's `metrics.parquet`.
        cosines: cosine similarity, images × augmentations; NaN where it is not defined.
        detection: data frame of `detection.csv`.
        transferred: the same as `measured` by the name of every other encoder; empty where none measures the attack.
        settings: of the bootstrap.
    """

    measured: pd.DataFrame
    cosines: pd.DataFrame
    detection: pd.DataFrame
    transferred: Mapping[str, pd.DataFrame]
    settings: bootstrap.Settings


def judge(claims: Iterable[Claim], evidence: Evidence) -> dict[str, Judgement]:
    """Return the judgement of every claim by its id."""
    return {claim.id: _judge(claim, evidence) for claim in claims}


def all_untested(claims: Iterable[Claim]) -> dict[str, Judgement]:
    """Return the judgements of a run without an attack."""
    return {claim.id: untested(OFF) for claim in claims}


def _judge(claim: Claim, evidence: Evidence) -> Judgement:
    try:
        effect, low, high, n = JUDGES[claim.kind](claim, evidence)
    except Untestable as untestable:
        return untested(str(untestable), untestable.n)
    return tested(Interval(float(effect), float(low), float(high)), n)


def _exceeds_augmentations(claim: Claim, evidence: Evidence) -> Estimate:
    attacked = _shifts(evidence.measured, claim)[ATTACK]
    both = pd.concat([attacked, 1 - evidence.cosines.reindex(attacked.index)], axis=1).dropna().to_numpy()
    return _smallest(both[:, :1] - both[:, 1:], claim, evidence)


def _exceeds_random_signs(claim: Claim, evidence: Evidence) -> Estimate:
    shifts = _shifts(evidence.measured, claim)
    return _smallest((shifts[ATTACK] - shifts[SIGNS]).to_numpy()[:, np.newaxis], claim, evidence)


def _transfers(claim: Claim, evidence: Evidence) -> Estimate:
    if not evidence.transferred:
        raise Untestable("no other encoder measures this attack")
    shifts = {name: _shifts(measured, claim) for name, measured in evidence.transferred.items()}
    differences = pd.DataFrame({name: found[ATTACK] - found[SIGNS] for name, found in shifts.items()}).dropna()
    return _smallest(differences.to_numpy(), claim, evidence)


def _told_by(claim: Claim, evidence: Evidence) -> Estimate:
    score, epsilon = claim.arguments["score"], claim.arguments["epsilon"]
    _shifts(evidence.measured, claim)
    rows = evidence.detection
    rows = rows[(rows["epsilon"] == epsilon) & (rows["score"] == score) & (rows["augmentation"] == detection.ALL)]
    if rows.empty:
        raise Untestable(f"there is no score by {score} for this encoder, or for too few images")
    n, *area = rows[["n", "auc", "ci_low", "ci_high"]].iloc[0]
    require_images(int(n))
    effect, low, high = (float(value) - CHANCE for value in area)
    return effect, low, high, int(n)


def _shifts(measured: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    """Return 1 − cosine at the ε of a claim, images × (attack, random signs)."""
    wide = 1 - curves.of_metric(measured, COSINE)
    epsilon = claim.arguments["epsilon"]
    if epsilon not in wide.columns.get_level_values("epsilon"):
        raise Untestable(f"this run has no attack by {epsilon} grey levels")
    return pd.DataFrame({kind: wide[kind, epsilon] for kind in (ATTACK, SIGNS)})


def _smallest(
    differences: "np.ndarray[tuple[int, int], np.dtype[np.float64]]", claim: Claim, evidence: Evidence
) -> Estimate:
    require_images(len(differences))
    return order_statistic(differences, 1, claim, evidence.settings)


JUDGES: dict[str, Callable[[Claim, Evidence], Estimate]] = {
    "exceeds_augmentations": _exceeds_augmentations,
    "exceeds_random_signs": _exceeds_random_signs,
    "transfers": _transfers,
    "told_by": _told_by,
}
