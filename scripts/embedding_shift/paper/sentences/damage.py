"""Sentences on what augmentations do to captions and classes."""

from collections.abc import Iterator, Mapping

import pandas as pd

from embedding_shift.paper import latex
from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.latex import Macro
from embedding_shift.paper.sentences.wording import counted, joined
from embedding_shift.words import text_files
from embedding_shift.words.downstream import damage, damage_forecast

RECALL = "image_to_text_recall_at_1"
# What the rank correlation of the shift is with, by metric.
FORECAST = {
    damage.TOP1_FLIPS: "the share of images whose most probable class changes",
    damage.CAPTION_SIMILARITY: "the loss of similarity to the caption",
}


_LISTED = (
    "An encoder with a text tower tells the classes of a list by their names~\\cite{radford2021}: their probabilities "
    f"are the softmax of the cosines, times the encoder's logit scale, or {text_files.USUAL_SCALE:g} where it has none."
)


def sentences(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the sentences on damage; without any, only the one that says so, if the configuration asks for it."""
    rows, forecasts = inputs.text_damage, inputs.damage_forecast
    if rows is None or forecasts is None or rows.empty:
        absent = "No encoder of this run has a text tower or a classifier, so the damage to captions is not measured."
        yield ("damage_absent_sentence",), absent if rows is not None else ""
        return
    yield ("damage_absent_sentence",), ""
    encoders = {str(name): rows[rows["model"] == name] for name in dict.fromkeys(rows["model"])}
    labels = inputs.main.augmentations
    classes = [
        _LISTED if inputs.settings["lists_classes"] else "",
        *(_classes(n, r, labels) for n, r in encoders.items()),
    ]
    yield ("damage_classes_sentence",), " ".join(filter(None, classes))
    yield ("damage_captions_sentence",), " ".join(filter(None, (_captions(n, r, labels) for n, r in encoders.items())))
    yield ("damage_forecast_sentence",), _forecast(forecasts)


def _values(rows: pd.DataFrame, metric: str, column: str = "mean") -> "pd.Series[float]":
    found = rows[rows["metric"] == metric].set_index("augmentation")[column]
    return pd.to_numeric(found, errors="coerce").dropna()


def _extremes(values: "pd.Series[float]", labels: Mapping[str, str]) -> str:
    """Return the least and the largest value with the augmentation of each."""
    by_name = {str(name): float(value) for name, value in values.items()}
    names = dict.fromkeys([min(by_name, key=by_name.__getitem__), max(by_name, key=by_name.__getitem__)])
    return joined([f"{by_name[name]:.2f} ({latex.escape(labels[name])})" for name in names], "to")


def _classes(encoder: str, rows: pd.DataFrame, labels: Mapping[str, str]) -> str:
    flips = _values(rows, damage.TOP1_FLIPS).drop(damage.ORIGINAL, errors="ignore")
    if flips.empty:
        return ""
    text = (
        f"The most probable class of {latex.escape(encoder)} changes for a share of the images of "
        f"{_extremes(flips, labels)}."
    )
    accuracy = _values(rows, damage.ACCURACY)
    if damage.ORIGINAL not in accuracy.index or len(accuracy) < 2:
        return text
    labelled = int(rows[rows["metric"] == damage.ACCURACY]["n"].iloc[0])
    views = _extremes(accuracy.drop(damage.ORIGINAL), labels)
    return (
        f"{text} Of {counted(labelled, 'image')} with a label, it tells the right class of a share of "
        f"{accuracy[damage.ORIGINAL]:.2f} of the originals, and of {views} of the views."
    )


def _captions(encoder: str, rows: pd.DataFrame, labels: Mapping[str, str]) -> str:
    similarity, recall = _values(rows, damage.CAPTION_SIMILARITY), _values(rows, RECALL)
    if damage.ORIGINAL not in similarity.index:
        return ""
    captions = int(rows[rows["metric"] == damage.CAPTION_SIMILARITY]["n"].iloc[0])
    chance = _values(rows, RECALL, "chance").iloc[0]
    views = recall.drop(damage.ORIGINAL)
    return (
        f"With {latex.escape(encoder)}, originals have a mean cosine of {similarity[damage.ORIGINAL]:.2f} with their "
        f"captions, and {recall[damage.ORIGINAL]:.2f} of them find their own first among "
        f"{counted(captions, 'caption')} (chance: {chance:.2f}); of the views, {_extremes(views, labels)} do."
    )


def _forecast(forecasts: pd.DataFrame) -> str:
    """Give the rank correlation of shift and damage over the augmentations, and over the doses of the study."""
    every, doses = (_correlations(forecasts, group) for group in (damage_forecast.EVERY, damage_forecast.EVERY_DOSE))
    if not every:
        return "Whether the shift forecasts the damage is not known."
    text = f"Over the augmentations, the mean shift has a rank correlation of {joined(every)}."
    return f"{text} Over the doses of the study, it is {joined(doses)}." if doses else text


def _correlations(forecasts: pd.DataFrame, group: str) -> list[str]:
    rows = forecasts[forecasts["augmentation"] == group]
    found = {name: pd.to_numeric(rows[name], errors="coerce") for name in ("rho", "ci_low", "ci_high")}
    rows = rows.assign(**found).dropna(subset="rho")
    return [
        f"{latex.number(row['rho'])} {latex.interval(row['ci_low'], row['ci_high'])} with {text} "
        f"({latex.escape(str(row['model']))})"
        for metric, text in FORECAST.items()
        for row in rows[rows["damage"] == metric].to_dict("records")
    ]
