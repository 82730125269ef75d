"""Sentences on the shift in words."""

from collections.abc import Iterator, Mapping

import pandas as pd

from embedding_shift.paper import latex
from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.latex import Macro
from embedding_shift.paper.sentences.wording import counted, joined, share_of

LEVEL = 0.05


def sentences(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the sentences on words; without any, only the one that says so, if the configuration asks for words."""
    words = inputs.words
    absent = words is not None and words.empty
    yield (
        ("words_absent_sentence",),
        f"{latex.escape(inputs.main.model)} has no text tower, so its shift is not told in words." if absent else "",
    )
    if words is not None and not words.empty:
        own = words[words["prompt"] == words["augmentation"]]
        yield ("words_own_sentence",), _own(own, inputs.main.augmentations)
        yield ("words_specific_sentence",), _specific(own)
        yield ("words_others_sentence",), _others(words[words["prompt"] != words["augmentation"]])
        yield ("word_claims_sentence",), _claims(inputs)


def _own(own: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Say which augmentations move the embeddings towards their own prompt."""
    if own.empty:
        return "No augmentation has a prompt of its own."
    towards = own[(own["p"] <= LEVEL) & (own["score"] > 0)].sort_values("p", kind="stable")
    away = own[(own["p"] <= LEVEL) & (own["score"] < 0)]
    sentence = (
        f"Of {counted(len(own), 'augmentation')} with a prompt of {'its' if len(own) == 1 else 'their'} own, "
        f"{latex.number(len(towards)) if len(towards) else 'none'} "
        f"{'moves' if len(towards) == 1 else 'move'} the embeddings towards it more than random words do"
    )
    if len(towards):
        sentence += f": {_listed(towards, labels)}"
    return f"{sentence}. Away from it {_verb(away)} {_listed(away, labels)}." if len(away) else f"{sentence}."


def _verb(rows: pd.DataFrame) -> str:
    return "moves" if len(rows) == 1 else "move"


def _listed(rows: pd.DataFrame, labels: Mapping[str, str]) -> str:
    found = zip(rows["augmentation"], rows["text"], rows["p"], strict=True)
    return joined(
        [
            f"{latex.escape(labels[name])} (``{latex.escape(str(text).replace('{noun}', '…'))}'', {_p(p)})"
            for name, text, p in found
        ]
    )


def _p(value: float) -> str:
    return f"$p={value:.3f}$"


def _specific(own: pd.DataFrame) -> str:
    """Say how many augmentations move more towards their own prompt than towards the mean of the other prompts."""
    against = pd.DataFrame({name: pd.to_numeric(own[f"specific_{name}"], errors="coerce") for name in ("z", "p")})
    against = against.dropna()
    if against.empty:
        return ""
    count = int(((against["z"] > 0) & (against["p"] <= LEVEL)).sum())
    found = "none does" if not count else f"{latex.number(count)} {'does' if count == 1 else 'do'}"
    return f"Seen from the mean of the other prompts, {found}."


def _others(others: pd.DataFrame) -> str:
    """Say how many pairs of an augmentation and another's prompt are as significant."""
    if others.empty:
        return ""
    count = int((others["p"] <= LEVEL).sum())
    return (
        f"Among the other pairs of augmentation and prompt, {share_of(count, len(others), 'pair')} "
        f"{'is' if count == 1 else 'are'} as far from chance."
    )


def _claims(inputs: PaperInputs) -> str:
    """Give the verdicts on the claims on words."""
    parts = []
    for claim in inputs.published_claims.word_claims:
        found = inputs.word_claims.get(claim.id)
        if found is not None:
            bounds = found.interval
            why = f"{latex.number(bounds.effect)} {latex.interval(bounds.low, bounds.high)}" if bounds else found.reason
            text = latex.escape(claim.text.rstrip("."))
            parts.append(rf"\emph{{{text}}} is {found.verdict} ({why if bounds else latex.escape(why)})")
    return f"Of what one would expect in words, {joined(parts)}." if parts else ""
