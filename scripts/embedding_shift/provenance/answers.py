"""Answers to the question where a number comes from, as text."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from embedding_shift.errors import InputError
from embedding_shift.metrics import registry
from embedding_shift.provenance import cells
from embedding_shift.results import Measurements
from embedding_shift.views.view_record import ViewRecord

SHOWN = 5  # images and rows in an answer
DRAWS_SHOWN = 3  # images whose view is described
PACKAGES = ("albumentations", "numpy", "opencv-python-headless", "open_clip_torch", "pandas", "torch")
OF_THE_ENCODER = ("embedding", "attention", "registered_attention")  # kinds of metrics


@dataclass(frozen=True)
class Answer:
    """Where a number comes from.

    Attributes:
        lines: the answer.
        agrees: whether the number computed again is the number asked about.
    """

    lines: list[str]
    agrees: bool = True

    def __str__(self) -> str:
        return "\n".join(self.lines)


def joined(*answers: Answer) -> Answer:
    """Return several answers as one."""
    lines: list[str] = []
    for answer in answers:
        lines += ["", *answer.lines] if lines else answer.lines
    return Answer(lines, all(answer.agrees for answer in answers))


def verdict(agrees: bool) -> str:
    """Return the word for whether two values agree."""
    return "agrees" if agrees else "DOES NOT AGREE"


def summary_cell(measured: Measurements, augmentation: str, metric: str, column: str) -> Answer:
    """Lead from a cell of summary.csv to its images, views and rules, and compute it again.

    Raises:
        InputError: there is no such cell.
    """
    table = measured.summary.set_index(["augmentation", "metric"])
    if (augmentation, metric) not in table.index or column not in table:
        raise InputError(f"summary.csv has no cell {augmentation} {metric} {column}")
    stored: Any = table.at[(augmentation, metric), column]
    again: Any = cells.summary_again(measured, [(augmentation, metric)]).at[(augmentation, metric), column]
    values = cells.values_of(measured, augmentation, metric)
    return _cell(
        measured,
        "summary.csv",
        f"{augmentation} {metric}, column {column}",
        (float(stored), float(again)),
        f"{len(values)} values in metrics.parquet",
        _influential(measured, values, column, [augmentation]),
        _sources_of(measured, augmentation, metric),
    )


def distance_cell(measured: Measurements, first: str, second: str) -> Answer:
    """The same for a cell of pairwise_distance.csv."""
    stored: Any = measured.pairwise_distance.at[first, second]
    values = cells.distances_of(measured, first, second)
    return _cell(
        measured,
        "pairwise_distance.csv",
        f"{first} {second}",
        (float(stored), float(values.mean())),
        f"the cosine distances of {len(values)} images",
        _influential(measured, values, "mean", [first, second]),
        [f"{_folder(measured)}/embeddings/{name}.npz" for name in (first, second)],
    )


def _cell(
    measured: Measurements,
    table: str,
    cell: str,
    stored_and_again: tuple[float, float],
    basis: str,
    influential: Iterable[str],
    sources: Iterable[str],
) -> Answer:
    """Return the answer on a cell of a table, which was made from `sources` and computed again from `basis`."""
    stored, again = stored_and_again
    agrees = cells.agree(stored, again)
    lines = [
        f"table      {measured.folder / table}",
        f"cell       {cell}: {stored:.10g}",
        f"again      {again:.10g} from {basis}: {verdict(agrees)}",
        *influential,
        *_made_by(measured, [f"{_folder(measured)}/{table}", *sources]),
    ]
    return Answer(lines, agrees)


def image(measured: Measurements, image_id: str, augmentation: str) -> Answer:
    """Say how a view was made, and where its image stands among all by every metric.

    Raises:
        InputError: the run has no such image or augmentation.
    """
    rows = measured.metrics
    rows = rows[rows["augmentation"] == measured.run.known_view(augmentation)]
    own = rows[rows["image_id"] == image_id]
    if own.empty:
        known = ", ".join(measured.run.manifest(measured.dataset)["image_id"][:SHOWN])
        raise InputError(f"there is no image {image_id!r} under {augmentation!r}; the images are {known}, …")
    lines = [f"{'metric':28} {'value':>10} {'rank':>9} {'mean':>10}   rank 1: closest to the original"]
    for metric, value in zip(own["metric"], own["value"], strict=True):
        others = rows.loc[rows["metric"] == metric, "value"]
        ascending = not registry.REGISTRY[metric].higher_is_closer if metric in registry.REGISTRY else False
        rank = int((others < value).sum() if ascending else (others > value).sum()) + 1
        lines.append(f"{metric:28} {value:10.4g} {f'{rank} of {len(others)}':>9} {others.mean():10.4g}")
    made = _made_by(measured, _sources_of(measured, augmentation, "cosine_similarity"))
    return Answer([*_view(measured, image_id, augmentation), "", *lines, *made])


def row(path: Path, cell: pd.Series, rule: str | None) -> list[str]:
    """Return lines that show a row of a table and the rule that made it."""
    values = ", ".join(f"{name} {value}" for name, value in cell.items() if not pd.isna(value))
    return [f"table      {path} (rule {rule})" if rule else f"table      {path}", f"row        {values}"]


def versions(measured: Measurements) -> Answer:
    """Name the run, the code and the versions of the packages that made the numbers."""
    record = measured.run.record
    pins = ", ".join(f"{name} {record.versions[name]}" for name in PACKAGES if name in record.versions)
    revision = f"revision {record.revision}, " if record.revision else ""
    return Answer(
        [
            f"run        {record.run_id}, {revision}code {record.code_sha256[:12]}",
            f"encoder    {measured.model}, weights {record.encoders[measured.model]}",
            f"versions   {pins}",
        ]
    )


def _influential(measured: Measurements, values: pd.Series, column: str, augmentations: list[str]) -> Iterator[str]:
    """Yield the images that move a statistic most, and how their views were made."""
    influences = cells.influences(values, column).head(SHOWN)
    yield ""
    yield f"{'most influential images':28} {'value':>12} {'influence':>12}"
    shown = [str(image_id) for image_id in influences.index]
    for image_id in shown:
        yield f"{image_id:28} {values[image_id]:12.6g} {influences[image_id]:+12.4g}"
    for image_id in shown[:DRAWS_SHOWN]:
        for name in augmentations:
            yield ""
            yield from _view(measured, image_id, name)


def _view(measured: Measurements, image_id: str, augmentation: str) -> Iterator[str]:
    """Yield lines on how a view was made and from which file."""
    run = measured.run
    yield f"view       {image_id} under {augmentation}"
    (source,) = run.manifest(measured.dataset).query("image_id == @image_id").to_dict("records")
    try:
        record = run.view(image_id, augmentation, measured.dataset).record
    except InputError as error:
        yield f"shard      {error}"
    else:
        yield f"shard      {run.shard_of(image_id, augmentation, measured.dataset)}"
        yield from lines_of_record(record)
    yield f"source     {source['path']}, SHA-256 {source['sha256']}"


def lines_of_record(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield lines on the transforms of a view, or on the file that it was given as.

    Args:
        record: ViewRecord as JSON.
    """
    view = ViewRecord.from_json(record)
    if view.counterpart_sha256:
        yield f"transform  none: it was given, as a file with the SHA-256 {view.counterpart_sha256}"
    for step in view.steps:
        yield f"transform  {step.transform} {json.dumps(step.arguments)}"
        yield f"drawn      {json.dumps(step.parameters) if step.applied else 'not applied to this image'}"
        yield f"seed       {step.seed}, draw {view.draw}"


def _made_by(measured: Measurements, paths: list[str]) -> Iterator[str]:
    yield ""
    yield "made by"
    for path in paths:
        yield f"  {measured.run.record.rule_of(path) or 'an unknown rule':32} {path}"


def _sources_of(measured: Measurements, augmentation: str, metric: str) -> list[str]:
    """Return the files that lead from the long table to the images, as paths in the results folder."""
    shard = f"{augmentation}/00000"
    kind = registry.REGISTRY[metric].kind if metric in registry.REGISTRY else "pixels"
    encoded = [f"{_folder(measured)}/encoded/{shard}.npz"] if kind in OF_THE_ENCODER else []
    folder = f"{_folder(measured)}/representation_metrics" if encoded else f"{measured.dataset}/pixel_metrics"
    return [
        f"{_folder(measured)}/metrics.parquet",
        f"{folder}/{shard}.npz",
        *encoded,
        f"{measured.dataset}/views/{shard}.tar",
        f"{measured.dataset}/views/original/00000.tar",
        f"{measured.dataset}/manifest.csv",
    ]


def _folder(measured: Measurements) -> str:
    return f"{measured.dataset}/{measured.model}"
