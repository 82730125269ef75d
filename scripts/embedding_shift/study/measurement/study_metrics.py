"""Measure how the encoder's output shifts in the study."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedding_shift.io.array_files import ArrayByImage
from embedding_shift.metrics import evaluate, long_table, registry
from embedding_shift.study.measurement import long_tables
from embedding_shift.study.variants import variant_names
from embedding_shift.study.variants.variant_names import ANOTHER, MAIN, ORIGINAL, OTHER_RESIZE, UNCHANGED, variants_of
from embedding_shift.views import geometry
from embedding_shift.views.view_record import ViewRecord

Originals = Mapping[str, ArrayByImage]  # {ORIGINAL or OTHER_RESIZE: image ids (N,) and array (N, …)}


def shift_rows(kind: str, originals: Originals, encoded: ArrayByImage, augmentation: str) -> pd.DataFrame:
    """Return the study table of the metrics of one kind.

    Args:
        kind: "embedding" or "attention".
        originals: the study's originals, and its images resized by the other method.
        encoded: keys (M,) and array (M, …) of the study's views of the augmentation.
        augmentation: name of the augmentation.
    """
    parts = [
        long_table.shift_rows(kind, _original_of(variant, originals), augmented, augmentation).assign(variant=variant)
        for variant, augmented in sorted(_with_unchanged(originals[ORIGINAL], encoded).items())
    ]
    return _joined(parts)


def registered_attention_rows(
    originals: Originals, encoded: ArrayByImage, records: Mapping[str, Mapping[str, Any]], augmentation: str
) -> pd.DataFrame:
    """Return the study table of the attention metrics with the geometry undone.

    Args:
        originals, encoded, augmentation: see `shift_rows`.
        records: {key: ViewRecord as JSON} of the views that were encoded.
    """
    parts = []
    for variant, (_, after) in sorted(_with_unchanged(originals[ORIGINAL], encoded).items()):
        image_ids, before = _original_of(variant, originals)
        keys = [variant_names.key(image_id, variant) for image_id in image_ids]
        correspondences = (
            None if variant == UNCHANGED else geometry.correspondence(ViewRecord.from_json(records[view_key]))
            for view_key in keys
        )
        unregistered = evaluate.of_arrays("attention", before, after)
        values = evaluate.of_registered_attention(before, after, correspondences, unregistered)
        parts.append(long_table.rows(image_ids, values, augmentation).assign(variant=variant))
    return _joined(parts)


def equal_damage_rows(
    originals: Mapping[str, Originals],
    encoded: Mapping[str, ArrayByImage],
    records: Mapping[str, Mapping[str, Any]],
) -> pd.DataFrame:
    """Return the study table of all metrics of the encoder's output for the views at equal damage.

    Args:
        originals: those of `shift_rows` by kind, "embedding" and "attention".
        encoded: keys (M,) and array (M, …) of views of several augmentations, by kind.
        records: {key: ViewRecord as JSON} of these views.
    """
    parts = []
    for kind, (keys, array) in encoded.items():
        for augmentation, members in variant_names.by_augmentation(keys).items():
            places, names = map(list, zip(*members, strict=True))
            of_augmentation = np.array(names), array[places]
            parts.append(shift_rows(kind, originals[kind], of_augmentation, augmentation))
            if kind == "attention":
                renamed = {name: records[str(keys[place])] for place, name in members}
                parts.append(registered_attention_rows(originals[kind], of_augmentation, renamed, augmentation))
    return _joined(parts)


def reference_shift_rows(kind: str, original: ArrayByImage, encoded: ArrayByImage) -> pd.DataFrame:
    """Return the reference table of the metrics of one kind.

    Args:
        kind: "embedding" or "attention".
        original: image ids (N,) and array (N, …) of the study's originals.
        encoded: keys (M,) and array (M, …) of the references.
    """
    image_ids, before = original
    rows: list[tuple[Any, ...]] = []
    for variant, (_, after) in variants_of(*encoded).items():
        if variant not in variant_names.ENCODER_REFERENCES:
            continue
        rows += _reference_values(kind, variant, image_ids, image_ids, before, after)
    pairs = np.array(list(combinations(range(len(image_ids)), 2)), dtype=int).reshape(-1, 2)
    one, two = pairs.T
    rows += _reference_values(kind, ANOTHER, image_ids[one], image_ids[two], before[one], before[two])
    return long_tables.frame(rows, long_tables.REFERENCE_COLUMNS)


def main_rows(parts: Iterable[pd.DataFrame], image_ids: Sequence[str]) -> pd.DataFrame:
    """Return the rows of the main long table, given in parts, that belong to the study's images, as draw 0."""
    rows = pd.concat([part[part["image_id"].isin(image_ids)] for part in parts], ignore_index=True)
    return rows.assign(variant=MAIN)[long_tables.COLUMNS]


def _reference_values(
    kind: str,
    reference: str,
    image_ids: NDArray[Any],
    other_ids: NDArray[Any],
    before: NDArray[Any],
    after: NDArray[Any],
) -> Iterator[tuple[Any, ...]]:
    for metric in registry.of_kind(kind) if 0 not in before.shape[1:] and len(before) else ():
        for image_id, other_id, value in zip(image_ids, other_ids, metric.function(before, after), strict=True):
            yield reference, image_id, other_id, metric.name, value


def _original_of(variant: str, originals: Originals) -> ArrayByImage:
    """Return what a view of this variant has to be compared with."""
    return originals[OTHER_RESIZE if variant == OTHER_RESIZE else ORIGINAL]


def _with_unchanged(original: ArrayByImage, encoded: ArrayByImage) -> dict[str, ArrayByImage]:
    """Split as `variants_of` does, and add the original as dose 0 if there are doses."""
    by_variant = variants_of(*encoded)
    dosed = any(variant_names.dose_of(variant) is not None for variant in by_variant)
    return by_variant | ({UNCHANGED: original} if dosed else {})


def _joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    tables = [long_tables.frame([], long_tables.COLUMNS), *(part[long_tables.COLUMNS] for part in parts)]
    return pd.concat(tables, ignore_index=True)
