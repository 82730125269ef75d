"""Verdicts on the claims on attacks, by made-up attacks whose answers are known."""

import numpy as np
import pandas as pd
import pytest
from pipeline import PROJECT

from embedding_shift.adversarial import detection
from embedding_shift.claims import attack_claims, published_claims, verdicts
from embedding_shift.statistics.bootstrap import Settings

IMAGES = [f"i{number:02d}" for number in range(8)]
CLAIMS = published_claims.read(PROJECT / "paper/claims.yaml").attack_claims
BY_KIND = {claim.kind: claim for claim in CLAIMS}


def measured(attack, signs=0.01, images=IMAGES, seed=0):
    """Cosines whose shifts by the attack and by random signs at ε = 4 have these means, and vary over images."""
    generator = np.random.default_rng(seed)
    rows = [
        (image, kind, 4, "cosine_similarity", 1 - shift * generator.uniform(0.8, 1.2))
        for image in images
        for kind, shift in (("attack", attack), ("signs", signs))
    ]
    return pd.DataFrame(rows, columns=["image_id", "kind", "epsilon", "metric", "value"])


def evidence(**changes):
    generator = np.random.default_rng(1)
    shifts = {name: shift * generator.uniform(0.8, 1.2, len(IMAGES)) for name, shift in (("blur", 0.1), ("noise", 0.5))}
    told = [(4, "all", "direction", 8, 0.9, 0.7, 1.0), (4, "blur", "layer", 8, 1.0, 1.0, 1.0)]
    usual = {
        "measured": measured(0.8),
        "cosines": 1 - pd.DataFrame(shifts, index=IMAGES),
        "detection": pd.DataFrame(told, columns=detection.COLUMNS),
        "transferred": {"other": measured(0.1), "third": measured(0.2)},
        "settings": Settings(300, 0.95, 1),
    }
    return attack_claims.Evidence(**usual | changes)


def judged(kind, **changes):
    claim = BY_KIND[kind]
    return attack_claims.judge([claim], evidence(**changes))[claim.id]


@pytest.mark.parametrize(
    ("kind", "changes", "verdict"),
    [
        ("exceeds_augmentations", {}, verdicts.SUPPORTED),
        ("exceeds_augmentations", {"measured": measured(0.2)}, verdicts.CONTRADICTED),
        ("exceeds_random_signs", {}, verdicts.SUPPORTED),
        ("exceeds_random_signs", {"measured": measured(0.1, signs=0.3)}, verdicts.CONTRADICTED),
        ("transfers", {}, verdicts.SUPPORTED),
        ("transfers", {"transferred": {"a": measured(0.1), "b": measured(0.01)}}, verdicts.NOT_RESOLVED),
        ("transfers", {"transferred": {"a": measured(0.1), "b": measured(0.01, 0.1)}}, verdicts.CONTRADICTED),
    ],
)
def test_the_interval_decides(kind, changes, verdict):
    assert judged(kind, **changes).verdict == verdict


def test_the_effect_is_the_difference_to_the_augmentation_that_moves_farthest():
    data = evidence()
    attack = 1 - data.measured[data.measured["kind"] == "attack"].set_index("image_id")["value"]
    found = judged("exceeds_augmentations")
    assert found.n == 8 and found.interval.effect == pytest.approx((attack - (1 - data.cosines["noise"])).mean())


def test_the_area_against_all_augmentations_minus_chance_is_an_effect():
    told = {claim.arguments["score"]: claim for claim in CLAIMS if claim.kind == "told_by"}
    found = attack_claims.judge(told.values(), evidence())
    direction, layer = (found[told[score].id] for score in ("direction", "layer"))
    assert direction.verdict == verdicts.SUPPORTED
    assert direction.interval == verdicts.Interval(*map(pytest.approx, (0.4, 0.2, 0.5)))
    assert layer.reason == "there is no score by layer for this encoder, or for too few images"


@pytest.mark.parametrize(
    ("kind", "changes", "reason"),
    [
        ("transfers", {"transferred": {}}, "no other encoder measures this attack"),
        (
            "exceeds_random_signs",
            {"measured": measured(0.8).assign(epsilon=2)},
            "this run has no attack by 4 grey levels",
        ),
        ("told_by", {"measured": measured(0.8)[:0]}, "this run has no attack by 4 grey levels"),
        (
            "exceeds_augmentations",
            {"measured": measured(0.8, images=IMAGES[:3])},
            "3 images are too few for an interval, which needs 5",
        ),
        ("exceeds_random_signs", {"measured": measured(0.0, 0.0)}, "a difference does not vary over images"),
    ],
)
def test_what_cannot_be_judged_is_not_tested(kind, changes, reason):
    found = judged(kind, **changes)
    assert (found.verdict, found.reason) == (verdicts.NOT_TESTED, reason)


def test_a_run_without_an_attack_tests_no_claim():
    found = attack_claims.all_untested(CLAIMS)
    assert list(found) == [claim.id for claim in CLAIMS] and len(found) == 5
    assert {judgement.in_words for judgement in found.values()} == {"not tested (this run attacks no encoder)"}


def test_scores_are_those_of_the_table():
    assert published_claims.SCORES == detection.SCORES
