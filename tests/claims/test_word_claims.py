"""Verdicts on claims on words: both directions must agree, and chance must not reach them."""

import pandas as pd
import pytest
from pipeline import PROJECT

from embedding_shift.claims import published_claims, verdicts, word_claims
from embedding_shift.words.shift_in_words import COLUMNS, ONE_PROMPT

CLAIM = published_claims.Claim("c", "t", "s", "b", "towards_prompt", {"augmentation": "noise", "prompt": "noisy"})


def table(z, specific, critical=2.0):
    return pd.DataFrame([("noise", "noisy", "a {noun}", 24, 0.1, z, 0.01, specific, 0.01, critical)], columns=COLUMNS)


@pytest.mark.parametrize(
    ("z", "specific", "verdict"),
    [
        (5, 3, verdicts.SUPPORTED),
        (5, 1.9, verdicts.NOT_RESOLVED),
        (1.9, 5, verdicts.NOT_RESOLVED),
        (5, -3, verdicts.CONTRADICTED),
        (-3, 5, verdicts.CONTRADICTED),
        (5, ONE_PROMPT, verdicts.SUPPORTED),
    ],
)
def test_the_weaker_direction_decides(z, specific, verdict):
    found = word_claims.judge([CLAIM], table(z, specific))["c"]
    assert (found.verdict, found.n) == (verdict, 24)
    effect = z if specific == ONE_PROMPT else min(z, specific)
    assert found.interval == verdicts.Interval(effect, effect - 2, effect + 2)


def test_a_claim_that_cannot_be_tested_has_a_reason():
    found = word_claims.judge([CLAIM], pd.DataFrame(columns=COLUMNS))["c"]
    assert (found.verdict, found.reason) == (verdicts.NOT_TESTED, word_claims.NO_TEXT)
    for column, reason in (("augmentation", "no augmentation 'noise'"), ("prompt", "no prompt 'noisy'")):
        found = word_claims.judge([CLAIM], table(1, 1).assign(**{column: "other"}))["c"]
        assert found.verdict == verdicts.NOT_TESTED and reason in found.reason


def test_the_claims_of_the_paper_are_about_noise_blur_and_brightness():
    claims = published_claims.read(PROJECT / "paper/claims.yaml").word_claims
    assert [claim.arguments["augmentation"] for claim in claims] == ["noise", "blur", "brightness_contrast"]
    assert {claim.kind for claim in claims} == {"towards_prompt"}
