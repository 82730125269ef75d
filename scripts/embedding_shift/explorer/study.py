"""The images of the study at several doses: their views and their metrics."""

from collections.abc import Sequence
from typing import Any

from embedding_shift.explorer import sprites
from embedding_shift.explorer.run_files import RunFiles
from embedding_shift.explorer.standing import finite
from embedding_shift.io import shards, tables
from embedding_shift.study.variants import variant_names

SIZE = 112  # pixels
MOST_IMAGES = 24


def pictures(
    run: RunFiles, dataset: str, augmentations: Sequence[str], image_ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return the views at all doses by augmentation: image ids, doses, and a sprite with one row per image."""
    found = {}
    for augmentation in augmentations:
        if not run.has(dataset, "study", "views", f"{augmentation}.tar"):
            continue
        by_dose: dict[float, dict[str, Any]] = {}
        for view in shards.read(run.path(dataset, "study", "views", f"{augmentation}.tar")):
            image_id, variant = variant_names.split(view.image_id)
            dose = variant_names.dose_of(variant)
            if dose is not None and image_id in image_ids:
                by_dose.setdefault(dose, {})[image_id] = sprites.resized(view.pixels, SIZE)
        if by_dose:
            doses = sorted(by_dose)
            names = list(by_dose[doses[0]])[:MOST_IMAGES]
            row_by_row = [by_dose[dose][name] for name in names for dose in doses]
            found[augmentation] = {"image_ids": names, "doses": doses} | sprites.sprite(row_by_row, len(doses))
    return found


def responses(run: RunFiles, dataset: str, model: str, image_ids: Sequence[str]) -> dict[str, Any]:
    """Return {augmentation: {image id: {metric: [[dose, value]]}}} of the study, by increasing dose."""
    if not run.has(dataset, model, "study", "metrics.parquet"):
        return {}
    table = tables.read_parquet([run.path(dataset, model, "study", "metrics.parquet")])
    table = table.assign(dose=table["variant"].map(variant_names.dose_of))
    table = table[table["dose"].notna() & table["image_id"].isin(image_ids)].sort_values("dose", kind="stable")
    found: dict[str, Any] = {}
    for row in table.to_dict("records"):
        by_metric = found.setdefault(row["augmentation"], {}).setdefault(row["image_id"], {})
        by_metric.setdefault(row["metric"], []).append([row["dose"], finite(row["value"])])
    return found
