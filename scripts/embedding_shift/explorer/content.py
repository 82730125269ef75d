"""Collect what the explorer shows from the files of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from embedding_shift.claims import published_claims, table, verdicts
from embedding_shift.explorer import layers, maps, neighbours, parameters, pictures, similarity, standing, study
from embedding_shift.explorer.pictures import DatasetPictures
from embedding_shift.explorer.run_files import ORIGINAL, RunFiles, view_names
from embedding_shift.io import array_files
from embedding_shift.io.values_by_metric import LongTable
from embedding_shift.metrics import registry

LAYER_MEASURES = ("cosine", "relative_l2", "lens_distance", "cka", "coherence")


@dataclass(frozen=True)
class Settings:
    """What the configuration says about the page.

    Attributes:
        datasets, models: {name: label}, in their order.
        neighbours: number of nearest images.
    """

    datasets: Mapping[str, str]
    models: Mapping[str, str]
    neighbours: int


def collect(run: RunFiles, settings: Settings, published: published_claims.PublishedClaims) -> dict[str, Any]:
    """Return the content of the page as JSON values."""
    augmentations = run.rows("augmentations.csv")
    names = [row["augmentation"] for row in augmentations]
    content: dict[str, Any] = {
        "augmentations": augmentations,
        "metrics": [
            {"name": metric.name, "label": metric.label, "closer": metric.higher_is_closer}
            for metric in registry.in_order()
        ],
        "models": [{"name": name, "label": label} for name, label in settings.models.items()],
        "colors": {name: maps.color_table(name) for name in maps.COLORS},
        "datasets": [],
        "pairs": {},
        "parameters": {},
    }
    share = len(settings.datasets) * len(settings.models)
    for dataset, label in settings.datasets.items():
        manifest = sorted(run.rows(dataset, "manifest.csv"), key=lambda row: row["image_id"])
        image_ids = [row["image_id"] for row in manifest]
        values = {
            model: standing.values_of(LongTable(run.path(dataset, model, "metrics.parquet")), image_ids)
            for model in settings.models
        }
        shown = standing.choose(image_ids, list(values.values()), share)
        places = {image_id: row for row, image_id in enumerate(image_ids)}
        rows = [places[image_id] for image_id in shown.image_ids]
        pictured = pictures.collect(run, dataset, names, shown.image_ids, share)
        for records in pictured.records.values():
            content["parameters"] |= parameters.names_in_words(records)
        content["datasets"].append(
            {
                "name": dataset,
                "label": label,
                "total": len(image_ids),
                "outliers": shown.outliers,
                "outliers_left_out": shown.left_out,
                "images": [_image(manifest[row]) for row in rows],
                "pictured": len(pictured.image_ids),
                "sprites": pictured.sprites,
                "records": pictured.records,
                "doses": study.pictures(run, dataset, names, shown.image_ids),
            }
        )
        for model in settings.models:
            content["pairs"][f"{dataset}/{model}"] = {
                **standing.as_json(values[model], rows),
                **_nearest(run, dataset, model, names, image_ids, rows, settings.neighbours),
                **_tables(run, dataset, model, published),
                "attention": _attention(run, dataset, model, names, pictured),
                "similarity": similarity.collect(run, dataset, model, view_names(names), pictured.image_ids),
                "layers_of_images": layers.of_images(run, dataset, model, names, pictured.image_ids),
                "responses": study.responses(run, dataset, model, shown.image_ids),
            }
    return content


def _image(row: Mapping[str, str]) -> dict[str, Any]:
    return {key: row.get(key) or "" for key in ("image_id", "path", "caption", "source", "width", "height", "sha256")}


def _nearest(
    run: RunFiles, dataset: str, model: str, names: Sequence[str], image_ids: Sequence[str], rows: Sequence[int], k: int
) -> dict[str, Any]:
    """Return the nearest images by view; each is (id, cosine similarity)."""
    found = {}
    for view in view_names(names):
        stored = array_files.read(run.path(dataset, model, "embeddings", f"{view}.npz"))
        places = {str(image_id): row for row, image_id in enumerate(stored["image_id"])}
        embedding = stored["embedding"][[places[image_id] for image_id in image_ids]]
        nearest = neighbours.nearest(embedding, rows, k)
        found[view] = [[[image_ids[place], round(value, 6)] for place, value in each] for each in nearest]
    return {"nearest": found}


def _attention(
    run: RunFiles, dataset: str, model: str, names: Sequence[str], pictured: DatasetPictures
) -> dict[str, Any]:
    """Return the maps of the pictured images by view, and the original's warped as each view that moves pixels was."""
    found: dict[str, Any] = {"maps": {}, "registered": {}}
    before = _stored_attention(run, dataset, model, ORIGINAL, pictured.image_ids)
    for view in view_names(names):
        after = _stored_attention(run, dataset, model, view, pictured.image_ids)
        found["maps"][view] = maps.packed([maps.attention_map(each) for each in after if each.shape[0]])
        moved = pictured.correspondences.get(view, [])
        if moved and before and before[0].shape[0]:
            warped = [maps.registered(*pair) for pair in zip(before, moved, strict=True)]
            found["registered"][view] = maps.packed(warped)
    return found


def _stored_attention(
    run: RunFiles, dataset: str, model: str, view: str, image_ids: Sequence[str]
) -> list[np.ndarray[Any, Any]]:
    path = run.path(dataset, model, "attention", f"{view}.npz")
    found_ids, found = array_files.read_selected(path, "attention", image_ids)
    by_id = dict(zip(found_ids.tolist(), found, strict=True))
    return [by_id[image_id] for image_id in image_ids]


def _tables(run: RunFiles, dataset: str, model: str, published: published_claims.PublishedClaims) -> dict[str, Any]:
    """Return the tables that belong to all images of a dataset and encoder."""
    judged = table.joined(published, verdicts.read(str(run.path(dataset, model, "claims.csv"))))
    claims = [
        {
            "text": claim.text,
            "source": claim.source,
            "verdict": found.in_words,
            "interval": [found.interval.effect, found.interval.low, found.interval.high] if found.interval else None,
            "n": found.n,
        }
        for claim, found in judged
    ]
    return {
        "claims": claims,
        "summary": [_mean(row) for row in run.rows(dataset, model, "summary.csv")],
        "layers": [_layer(row) for row in run.rows(dataset, model, "layers.csv") if _number(row["layer"]) is not None],
    }


def _mean(row: Mapping[str, str]) -> dict[str, Any]:
    """Return a row of summary.csv as JSON values; with one image, the interval is None."""
    numbers = {key: _number(row[key]) for key in ("n", "mean", "ci_low", "ci_high")}
    return {"augmentation": row["augmentation"], "metric": row["metric"], **numbers}


def _layer(row: Mapping[str, str]) -> dict[str, Any]:
    """Return a row of layers.csv; a measure that is undefined, or why, is None."""
    kept: dict[str, Any] = {"augmentation": row["augmentation"], "token": row["token"], "layer": int(row["layer"])}
    return kept | {measure: _number(row[measure]) for measure in LAYER_MEASURES}


def _number(text: str) -> float | None:
    try:
        return standing.finite(text)
    except ValueError:
        return None
