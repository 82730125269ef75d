"""The card of every augmentation, from the tables of the run: `augmentation_card.csv`.

A measure has rows if its stage is on and the encoder has what it needs. A value that is not defined is empty, and the
reason stands beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from embedding_shift.augmentation_card import half_dose
from embedding_shift.augmentation_card.half_dose import Reading
from embedding_shift.study.variants.variant_names import ANOTHER, JPEG

COLUMNS = ["augmentation", "measure", "value", "ci_low", "ci_high", "reason"]
COSINE = "cosine_similarity"
SHIFT, OF_FLOOR, OF_CEILING = "shift", "times_floor", "share_of_ceiling"
NEIGHBOURS, CLASSES, CAPTIONS = "neighbours_half_dose", "classes_half_dose", "captions_half_dose"
EXCHANGE_RATE, FINGERPRINT = "exchange_rate", "fingerprint"
MEASURES = (SHIFT, OF_FLOOR, OF_CEILING, NEIGHBOURS, CLASSES, CAPTIONS, EXCHANGE_RATE, FINGERPRINT)
# The metric of `dose_damage.csv` that tells the loss, and its sign.
LOSSES = {CLASSES: ("top1_flips", 1), CAPTIONS: ("image_to_text_recall_at_1", -1)}
WHOLE = "embedding"  # the name of the whole embedding in `fingerprint.csv`


@dataclass(frozen=True)
class Tables:
    """The tables of an encoder and dataset that the card reads; None where a stage is off.

    Attributes:
        summary, noise_floor, dose_start, dose_neighbours: data frames of the tables of these names.
        dose_damage, exchange_rate, fingerprint: the same.
    """

    summary: pd.DataFrame
    noise_floor: pd.DataFrame
    dose_start: pd.DataFrame
    dose_neighbours: pd.DataFrame
    dose_damage: pd.DataFrame | None = None
    exchange_rate: pd.DataFrame | None = None
    fingerprint: pd.DataFrame | None = None


def table(augmentations: list[str], tables: Tables) -> pd.DataFrame:
    """Return the cards of all augmentations: a data frame with COLUMNS, in the order of MEASURES for each."""
    rows = [
        {"augmentation": name, "measure": measure} | reading._asdict()
        for name in augmentations
        for measure, reading in sorted(_card(name, tables), key=lambda item: MEASURES.index(item[0]))
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _card(name: str, tables: Tables) -> Iterator[tuple[str, Reading]]:
    yield from _shift(name, tables)
    for measure, curves in _losses(tables):
        if curves.empty:
            yield measure, _missing("no doses, or too few images")
            continue
        curve = curves[curves["augmentation"] == name].sort_values("dose")
        yield measure, half_dose.read(curve, name not in set(tables.dose_start["augmentation"]))
    if tables.exchange_rate is not None:
        yield EXCHANGE_RATE, _exchange_rate(name, tables.exchange_rate)
    if tables.fingerprint is not None:
        yield FINGERPRINT, _fingerprint(name, tables.fingerprint)


def _shift(name: str, tables: Tables) -> Iterator[tuple[str, Reading]]:
    """Yield 1 − mean cosine similarity, and the same as a multiple of the floor and the ceiling of the study."""
    rows = tables.summary[(tables.summary["augmentation"] == name) & (tables.summary["metric"] == COSINE)]
    if rows.empty:
        yield from ((measure, _missing("no cosine similarity")) for measure in (SHIFT, OF_FLOOR, OF_CEILING))
        return
    mean, low, high = (1 - rows.iloc[0][["mean", "ci_high", "ci_low"]].to_numpy(np.float64)).tolist()
    yield SHIFT, Reading(mean, low, high, "")
    cosines = tables.noise_floor[tables.noise_floor["metric"] == COSINE].set_index("reference")["mean"]
    for measure, reference in ((OF_FLOOR, JPEG), (OF_CEILING, ANOTHER)):
        unit = 1 - cosines.get(reference, np.nan)
        if unit > 0:
            yield measure, Reading(mean / unit, low / unit, high / unit, "")
        else:
            yield measure, _missing(f"{reference} has no shift")


def _losses(tables: Tables) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the measures that are read off doses, with all curves as `half_dose.read` takes them."""
    kept = tables.dose_neighbours
    loss, low, high = (1 - _numbers(kept[name]) for name in ("kept", "ci_high", "ci_low"))
    yield NEIGHBOURS, kept.assign(loss=loss, ci_low=low, ci_high=high)
    damage = tables.dose_damage
    if damage is None:
        return
    for measure, (metric, sign) in LOSSES.items():
        rows = damage[damage["metric"] == metric]
        if len(rows):
            ends = ("", "_ci_low", "_ci_high") if sign > 0 else ("", "_ci_high", "_ci_low")
            loss, low, high = (sign * _numbers(rows[f"change{end}"]) for end in ends)
            yield measure, rows.assign(loss=loss, ci_low=low, ci_high=high)


def _exchange_rate(name: str, exchange_rate: pd.DataFrame) -> Reading:
    rows = exchange_rate[exchange_rate["augmentation"] == name]
    if rows.empty:
        return _missing("not compared")
    row = rows.iloc[0]
    value, low, high = pd.to_numeric(row[["epsilon", "ci_low", "ci_high"]]).tolist()
    return Reading(value, low, high, row["reason"] if isinstance(row["reason"], str) else "")


def _fingerprint(name: str, fingerprint: pd.DataFrame) -> Reading:
    """Return the share of images of which the shift of the embedding tells the augmentation."""
    rows = fingerprint[(fingerprint["augmentation"] == name) & (fingerprint["layer"] == WHOLE)]
    found = rows["accuracy"].iloc[0] if len(rows) else "not compared"
    value = pd.to_numeric(found, errors="coerce")
    return _missing(str(found)) if np.isnan(value) else Reading(float(value), np.nan, np.nan, "")


def _numbers(values: "pd.Series[Any]") -> "pd.Series[float]":
    return pd.to_numeric(values, errors="coerce")


def _missing(reason: str) -> Reading:
    return Reading(np.nan, np.nan, np.nan, reason)
