"""The damage to captions and classes at the doses of the study."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_shift.io import array_files
from embedding_shift.io.array_files import ArrayByImage
from embedding_shift.statistics import bootstrap
from embedding_shift.study.variants import variant_names
from embedding_shift.words.downstream import damage, damage_forecast
from embedding_shift.words.downstream.encoder_texts import Uses

COLUMNS = ("augmentation", "dose", "metric", "n", "shift", *damage.CHANGE_COLUMNS)

FloatArray = NDArray[np.float64]


class AtDose(NamedTuple):
    """What a dose does to N images.

    Attributes:
        shift: 1 − cosine, (N,).
        changes: {metric: what is added to the value of the original}. Retrieval is among the N images.
    """

    shift: FloatArray
    changes: damage.Values


def at_doses(uses: Uses, originals: str, encoded: ArrayByImage) -> dict[float, AtDose]:
    """Return what every dose above 0 of an augmentation does, by dose; nothing for an augmentation without doses.

    Args:
        uses: what the encoder is used for.
        originals: file with the embeddings of the originals.
        encoded: keys (M,) and embeddings (M, D) of the study's views of the augmentation.
    """
    variants = {variant_names.dose_of(name): views for name, views in variant_names.variants_of(*encoded).items()}
    doses = {dose: views for dose, views in sorted(variants.items(), key=lambda item: item[0] or 0) if dose}
    found = {}
    for dose, (image_ids, after) in doses.items():
        kept, before = array_files.read_selected(originals, "embedding", image_ids.tolist())
        after = after[np.isin(image_ids, kept)]
        original, values = (uses.values(kept.tolist(), before, views) for views in (before, after))
        changes = {metric: column - original[metric] for metric, column in values.items()}
        found[dose] = AtDose(damage_forecast.shift(before, after), changes)
    return found


def table(found: Mapping[str, Mapping[float, AtDose]], settings: bootstrap.Settings) -> Iterator[dict[str, Any]]:
    """Yield the rows of dose_damage.csv (COLUMNS), with `undefined` for what is not defined.

    Args:
        found: by augmentation and dose.
        settings: how intervals are computed.
    """
    for name, doses in found.items():
        for dose, each in doses.items():
            shift = float(each.shift.mean()) if np.isfinite(each.shift).all() else damage.NOT_DEFINED
            for metric, column in each.changes.items():
                row = {"augmentation": name, "dose": dose, "metric": metric, "n": len(column), "shift": shift}
                yield row | damage.mean_change(column, settings, f"{name} at dose {dose:g}", metric)


def forecast(found: Mapping[str, Mapping[float, AtDose]], settings: bootstrap.Settings) -> Iterator[dict[str, Any]]:
    """Yield rows of damage_forecast.csv: over the doses of all augmentations, and over those of each.

    The means of the doses are correlated. The interval comes from resamples of the images, which are the same for all
    doses.
    """
    groups = {damage_forecast.EVERY_DOSE: {(name, dose): found[name][dose] for name in found for dose in found[name]}}
    groups |= {
        damage_forecast.doses_of(name): {(name, dose): each for dose, each in found[name].items()} for name in found
    }
    for metric, sign in damage_forecast.DAMAGES.items():
        for group, doses in groups.items():
            whole = {key: each for key, each in doses.items() if len(each.changes.get(metric, ())) == len(each.shift)}
            if len({len(each.shift) for each in whole.values()}) != 1:
                continue
            shifts = {key: each.shift for key, each in whole.items()}
            damages = {key: sign * each.changes[metric] for key, each in whole.items()}
            yield {"augmentation": group, "damage": metric} | damage_forecast.of_means(
                shifts, damages, f"{metric}, {group}", settings
            )
