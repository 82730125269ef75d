"""Sentences on the attack and on the attack that augmentations are worth."""

from collections.abc import Iterator
from math import isnan
from typing import Any

import pandas as pd

from embedding_shift.paper import findings, latex
from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.latex import Macro
from embedding_shift.paper.sentences.wording import counted, emphasised, joined
from embedding_shift.paper.tables import layout

CHANCE = 0.5


def sentences(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the sentences on the attack; nothing for a run without one."""
    if not inputs.adversarial:
        return
    yield ("attack_sentence",), _attack(inputs.adversarial["adversarial"])
    yield ("exchange_sentence",), _exchange(inputs.adversarial["exchange_rate"], inputs.main.augmentations)
    yield ("detection_sentence",), _detection(inputs.adversarial["detection"])
    transfer = inputs.adversarial.get("transfer")
    yield ("transfer_sentence",), "" if transfer is None else _transfer(transfer)


def _attack(curve: pd.DataFrame) -> str:
    """Say how far the smallest and the largest attack move the embedding, and random signs beside the largest."""
    rows = layout.records(curve[curve["metric"] == findings.MAIN_METRIC].sort_values("epsilon"))
    if not rows:
        return "No attacked image has a cosine similarity."
    shifts = [
        rf"$\varepsilon={row['epsilon']}$ by {_shift(row['mean'], row['ci_high'], row['ci_low'])}"
        for row in ([rows[0], rows[-1]] if len(rows) > 1 else rows)
    ]
    largest = rows[-1]
    random = _shift(largest["random_mean"], largest["random_high"], largest["random_low"])
    return (
        f"On {counted(largest['n'], 'image')}, the attack moves the embedding at {joined(shifts)}; random signs at "
        rf"$\varepsilon={largest['epsilon']}$ move it by {random}."
    )


def _shift(mean: float, low: float, high: float) -> str:
    """Return one minus a mean cosine and its bounds; a single image has none."""
    return _with_bounds(1 - mean, 1 - low, 1 - high)


def _with_bounds(value: float, low: float, high: float) -> str:
    if isnan(low):
        return latex.significant(value)
    return f"{latex.significant(value)} [{latex.significant(low)}, {latex.significant(high)}]"


def _exchange(rates: pd.DataFrame, labels: dict[str, str]) -> str:
    """Say which augmentation is worth which attack, those beyond the largest and those below the smallest together."""
    rows = layout.records(rates.assign(reason=rates["reason"].fillna("")))
    beyond = [_label(row, labels) for row in rows if row["reason"].startswith("farther")]
    read = sorted((row for row in rows if not isnan(row["epsilon"])), key=lambda row: -row["epsilon"])
    within = [row for row in read if row["from_epsilon"] > 0]
    below = [_label(row, labels) for row in read if row["from_epsilon"] == 0]
    parts = []
    if beyond:
        parts.append(f"The largest attack does not move the embedding as far as {joined(beyond)}.")
    if within:
        worth = [rf"{_label(row, labels)} is $\varepsilon={row['epsilon']:.1f}${_bounds(row)}" for row in within]
        parts.append(f"The exchange rate of {joined(worth, 'and that of')}.")
    if below:
        verb = "moves" if len(below) == 1 else "move"
        parts.append(f"{joined(below)} {verb} the embedding less than the smallest attack.")
    return " ".join(parts)


def _bounds(row: dict[str, Any]) -> str:
    low, high = row["ci_low"], row["ci_high"]
    if isnan(low):
        return ""
    return f" [{low:.1f}, {'beyond' if isnan(high) else f'{high:.1f}'}]"


def _label(row: dict[str, Any], labels: dict[str, str]) -> str:
    return emphasised(labels[row["augmentation"]])


def _detection(detection: pd.DataFrame) -> str:
    """Say from how many augmentations the size and the direction of the shift tell the largest attack."""
    rows = detection[detection["epsilon"] == detection["epsilon"].max()]
    if rows.empty:
        return "Too few images are attacked to say whether the shift tells attacks from augmentations."
    told, number = [], rows["augmentation"].nunique()
    for score in ("size", "direction"):
        of_score = rows[rows["score"] == score]
        found = int((of_score["ci_low"] > CHANCE).sum())
        lowest, highest = (f"{value:.2f}" for value in (of_score["auc"].min(), of_score["auc"].max()))
        told.append(f"the {score} of the shift tells it from {found} (AUC {lowest} to {highest})")
    return (
        rf"At $\varepsilon={rows['epsilon'].iloc[0]}$, with an interval above one half, {told[0]} and {told[1]} of the "
        f"{counted(number, 'augmentation')}."
    )


def _transfer(transfer: pd.DataFrame) -> str:
    """Say how far, at the largest ε, the attack on one encoder that moves another one most does so."""
    others = transfer[transfer["attacked"] != transfer["measured"]]
    if others.empty:
        return ""
    largest = others[others["epsilon"] == others["epsilon"].max()]
    row = layout.records(largest.sort_values("shift", ascending=False))[0]
    return (
        rf"At $\varepsilon={row['epsilon']}$, the attack on {latex.escape(row['attacked'])} moves the embedding of "
        f"{latex.escape(row['measured'])} by {_with_bounds(row['shift'], row['ci_low'], row['ci_high'])}, the most of "
        f"any attack on another encoder; random signs move it by {latex.significant(row['random_shift'])}."
    )
