"""Sentences on what each transform of a list contributes to the shift."""

from collections.abc import Iterator, Mapping
from math import isnan
from typing import Any

import pandas as pd

from embedding_shift.paper import findings, latex
from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.latex import Macro
from embedding_shift.paper.sentences.wording import counted, emphasised
from embedding_shift.paper.tables import layout
from embedding_shift.study.tables.step_contributions import ADDED, LOST


def sentences(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the sentence on the lists of transforms; nothing for a run without a study or without lists."""
    if inputs.steps is None:
        return
    of_metric = inputs.steps[inputs.steps["metric"] == findings.MAIN_METRIC]
    found = [
        _list(of_metric[of_metric["augmentation"] == name], label)
        for name, label in inputs.main.augmentations.items()
        if name in set(of_metric["augmentation"])
    ]
    yield ("steps_sentence",), " ".join(found) or "No list of transforms has a shift of the embedding."


def _list(rows: pd.DataFrame, label: str) -> str:
    """Say how far a list shifts the embedding, which transform adds most, and without which the shift falls most."""
    added, lost = (layout.records(rows[rows["contribution"] == kind]) for kind in (ADDED, LOST))
    first, last = (max(records, key=lambda row: row["mean"]) for records in (added, lost))
    sentence = (
        f"{emphasised(label)} shifts the embedding by {latex.significant(sum(row['mean'] for row in added))}. Of its "
        f"{counted(len(added), 'transform')}, {_name(first)}, adds most, {_size(first)}."
    )
    if last["mean"] <= 0:
        return f"{sentence} The shift does not fall without any one of them."
    without = "it" if first["step"] == last["step"] else _name(last)
    return f"{sentence} The shift falls most without {without}, by {_size(last)}."


def _name(row: Mapping[str, Any]) -> str:
    """Name a transform by its number and class, and say to how many images it was applied if not to all."""
    name = f"number {row['step']}, {latex.code(row['transform'])}"
    return name if row["applied"] == row["n"] else f"{name} (applied to {row['applied']} of {row['n']} images)"


def _size(row: Mapping[str, Any]) -> str:
    """Return a contribution with its interval; a single image has none."""
    size, low, high = (latex.significant(row[key]) for key in ("mean", "ci_low", "ci_high"))
    return size if isnan(row["ci_low"]) else f"{size} [{low}, {high}]"
