"""Sentences on the attack and on the attack that augmentations are worth."""

from collections.abc import Iterator
from math import isnan
from typing import Any

import pandas as pd

from embedding_shift.adversarial.detection import ALL, DIRECTION, LAYER, LEDGER, SIZE
from embedding_shift.paper import findings, latex
from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.latex import Macro
from embedding_shift.paper.sentences.mechanism import TOKENS
from embedding_shift.paper.sentences.wording import counted, emphasised, joined
from embedding_shift.paper.tables import layout

CHANCE = 0.5
SCORES = {
    SIZE: "its size",
    DIRECTION: "its direction",
    LEDGER: "the parts of the encoder that write it",
    LAYER: "its size over the layers",
}


def sentences(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the sentences on the attack; nothing for a run without one."""
    if not inputs.adversarial:
        return
    yield ("attack_sentence",), _attack(inputs.adversarial["adversarial"], inputs.settings["adversarial"]["steps"])
    yield ("exchange_sentence",), _exchange(inputs.adversarial["exchange_rate"], inputs.main.augmentations)
    yield ("detection_sentence",), _detection(inputs.adversarial["detection"])
    yield ("detection_inside_sentence",), _inside(inputs)
    transfer = inputs.adversarial.get("transfer")
    yield ("transfer_sentence",), "" if transfer is None else _transfer(transfer)


def _attack(curve: pd.DataFrame, steps: int) -> str:
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
    size = f"{counted(largest['n'], 'image')} and with {counted(steps, 'step')} each"
    return (
        f"On {size}, the attack moves the embedding at {joined(shifts)}; random signs at "
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
    """Say from how many augmentations each score tells the largest attack."""
    rows = detection[(detection["epsilon"] == detection["epsilon"].max()) & (detection["augmentation"] != ALL)]
    if rows.empty:
        return "Too few images are attacked to say whether the shift tells attacks from augmentations."
    told, number = [], rows["augmentation"].nunique()
    for score in (score for score in SCORES if score in set(rows["score"])):
        of_score = rows[rows["score"] == score]
        found = int((of_score["ci_low"] > CHANCE).sum())
        lowest, highest = (f"{value:.2f}" for value in (of_score["auc"].min(), of_score["auc"].max()))
        told.append(f"{SCORES[score]} from {latex.number(found)} (AUC {lowest} to {highest})")
    fewest, most = int(rows["n"].min()), int(rows["n"].max())
    images = counted(most, "image") if fewest == most else f"{latex.number(fewest)} to {counted(most, 'image')}"
    return (
        rf"At $\varepsilon={rows['epsilon'].iloc[0]}$, on {images} and with an interval above one half, these scores "
        f"tell the attack from so many of the {counted(number, 'augmentation')}: {joined(told)}."
    )


def _inside(inputs: PaperInputs) -> str:
    """Say where the size of the shift first tells the largest attack, and why a score of its inside is missing."""
    if not inputs.mechanism:
        return "This run does not look inside the encoder, so it has no scores by the ledger and by the layers."
    parts = []
    for table, column, what in (("ledger", "share", "by the ledger"), ("layers", "relative_l2", "by the layers")):
        numbers = pd.to_numeric(inputs.mechanism[table][column], errors="coerce")
        if numbers.isna().all():
            reason = latex.escape(str(inputs.mechanism[table][column].iloc[0]))
            parts.append(f"The score {what} is not defined for this encoder ({reason}).")
    return " ".join([*parts, _first_layers(inputs.adversarial["detection_layers"])]).strip()


def _first_layers(layers: pd.DataFrame) -> str:
    """Say after which blocks the largest attack first moves a token farther than the augmentations do."""
    token = next((name for name in TOKENS if name in set(layers["token"])), "")
    if not token:
        return ""
    rows = layers[(layers["epsilon"] == layers["epsilon"].max()) & (layers["token"] == token)]
    rows = rows[rows["augmentation"] != ALL]
    first = rows.loc[rows["is_first"].astype(str) == "True", "layer"]
    number = counted(rows["augmentation"].nunique(), "augmentation")
    if first.empty:
        return f"In no layer alone does the attack move the {TOKENS[token]} farther than an augmentation."
    lowest, highest = (f"block {layer}" if layer else "the input" for layer in (first.min(), first.max()))
    blocks = f"after {lowest}" if lowest == highest else f"between {lowest} and {highest}"
    return (
        f"Layer by layer, the attack first moves the {TOKENS[token]} farther than {latex.number(len(first))} of the "
        f"{number} {blocks}."
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
