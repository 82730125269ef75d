"""Verdicts on the claims on words: does an augmentation move the embeddings towards a prompt?"""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from embedding_shift.claims.published_claims import Claim
from embedding_shift.claims.verdicts import Interval, Judgement, tested, untested

NO_TEXT = "the encoder has no text tower, or no view has an embedding"


def judge(claims: Iterable[Claim], words: pd.DataFrame) -> dict[str, Judgement]:
    """Return the judgement of every claim by its id.

    The effect is the smaller of z and specific_z: a shift that follows all prompts alike is told by none. The interval
    reaches as far to each side as 95 % of the random pairs of words do at most, so a claim is supported or contradicted
    if chance goes as far in at most one of 20 cases.

    Args:
        claims: claims of the kind `towards_prompt`.
        words: data frame of `words.csv`.
    """
    return {claim.id: _judge(claim, words) for claim in claims}


def _judge(claim: Claim, words: pd.DataFrame) -> Judgement:
    if words.empty:
        return untested(NO_TEXT)
    augmentation, prompt = claim.arguments["augmentation"], claim.arguments["prompt"]
    for column, name, known in (("augmentation", augmentation, "augmentation"), ("prompt", prompt, "prompt")):
        if name not in set(words[column]):
            return untested(f"this run has no {known} {name!r}")
    row: dict[str, Any] = words[(words["augmentation"] == augmentation) & (words["prompt"] == prompt)].iloc[0].to_dict()
    specific = pd.to_numeric(row["specific_z"], errors="coerce")
    effect = float(row["z"] if pd.isna(specific) else min(row["z"], specific))
    critical = float(row["critical_z"])
    return tested(Interval(effect, effect - critical, effect + critical), int(row["n"]))
