"""Sentences on the parts of the encoder that words name."""

from collections.abc import Iterator, Mapping

import pandas as pd

from embedding_shift.paper import latex
from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.latex import Macro
from embedding_shift.paper.sentences.wording import counted, joined

LEVEL = 0.05


def sentences(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the sentences on named parts; for an encoder without a text tower, one that says so.

    The sentence on the shift in words already says so, if the run has one.
    """
    parts, labels = inputs.named_parts, inputs.main.augmentations
    told = bool(parts) and not parts["head_words"].empty
    absent = bool(parts) and not told and inputs.words is None
    yield (
        ("named_parts_absent_sentence",),
        f"{latex.escape(inputs.main.model)} has no text tower, so its parts are not named." if absent else "",
    )
    if told:
        yield ("head_words_sentence",), _heads(parts["head_words"])
        yield ("named_heads_sentence",), _shifts(parts["named_heads"], labels)
        yield ("concept_words_sentence",), _dimensions(parts["concept_words"])
        yield ("text_maps_sentence",), _maps(parts["text_maps"], labels)


def _numbers(values: "pd.Series[float]") -> "pd.Series[float]":
    return pd.to_numeric(values, errors="coerce")


def _reason(values: "pd.Series[float]") -> str:
    return latex.escape(str(values.iloc[0])) if len(values) else "there are no values"


def _percent(share: float) -> str:
    return rf"{100 * share:.1f}\,\%"


def _heads(words: pd.DataFrame) -> str:
    """Say how many heads are named, how many would be by chance, and how much their first word explains."""
    first = words[words["rank"].astype(str) == "1"]
    p, share = _numbers(first["p"]), _numbers(first["share"])
    if p.notna().sum() == 0:
        return f"No head is named: {_reason(words['p'])}."
    named, count = p <= LEVEL, int(p.notna().sum())
    sentence = f"{_of(int(named.sum()), count, 'head')} named (by chance, {LEVEL * count:.0f} would be)"
    if not named.any():
        return f"{sentence}."
    explained = _percent(float(share[named].mean()))
    return f"{sentence}; the first phrase explains {explained} of what these heads vary in, on average."


def _of(part: int, total: int, noun: str) -> str:
    """Return a part of a total with its verb, such as `Of 144 heads, 60 are`."""
    verb = "is" if part == 1 else "are"
    return f"Of {counted(total, noun)}, {latex.number(part) if part else 'none'} {verb}"


def _shifts(named: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Say which named head writes most of the shift of each augmentation."""
    rows = named.assign(part=_numbers(named["share_of_shift"])).dropna(subset="part")
    if rows.empty:
        return ""
    most = rows.loc[rows.groupby("augmentation", sort=False)["part"].idxmax()]
    parts = []
    for (layer, head, words), group in most.groupby(["layer", "head", "words"], sort=False):
        pairs = zip(group["augmentation"], group["part"], strict=True)
        under = joined([f"{latex.escape(labels[name])} ({_percent(part)})" for name, part in pairs])
        parts.append(f"{layer}.{head} (``{latex.escape(str(words))}'') under {under}")
    return f"Of the named heads, these write most of a shift: {joined(parts)}."


def _dimensions(words: pd.DataFrame) -> str:
    """Say how many dimensions have a nearest word beyond chance."""
    p = _numbers(words[words["rank"].astype(str) == "1"]["p"]).dropna()
    if p.empty:
        return f"No dimension is named: it {_reason(words['p'])}."
    count = int((p <= LEVEL).sum())
    return (
        f"{_of(count, len(p), 'dimension')} named by typical images that are nearer to a phrase than random images are "
        f"(by chance, {LEVEL * len(p):.0f} would be)."
    )


def _maps(maps: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Say how alike the maps of the caption are before and after."""
    found = _numbers(maps.set_index("augmentation")["correlation"]).dropna()
    if found.empty:
        return f"The similarity of patches to the caption is not compared: {_reason(maps['correlation'])}."
    values = {str(name): float(value) for name, value in found.items()}
    ends = dict.fromkeys([min(values, key=values.__getitem__), max(values, key=values.__getitem__)])
    told = joined([f"{latex.number(values[name])} ({latex.escape(labels[name])})" for name in ends], "to")
    return f"Where the patches resemble the caption has a correlation of {told} with where they did in the original."
