"""Find the doses at which all augmentations do the same damage to the pixels, by making views."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import nan
from statistics import fmean
from typing import NamedTuple

from embedding_shift.config.entries import AugmentationEntry, steps_of
from embedding_shift.io import shards
from embedding_shift.study.variants import draws_and_doses
from embedding_shift.study.variants.variant_names import LEAST_DOSE, equal_name, key
from embedding_shift.views import doses, image_difference
from embedding_shift.views.augment import Augmentation

TOLERANCE = 0.001  # largest difference between damage and level, as a share of the level
SMALLEST_STEP = 1e-4  # of doses: parameters in whole numbers may step over the level
SLACK = 0.02  # share of the largest damage by which damage may fall as the dose grows: rounding, and chance in draws
NO_DAMAGE = "it does no damage at any dose"
NOT_MONOTONE = "its damage does not grow with the dose"
TOO_STRONG = "its scale starts above this damage"


class EqualDose(NamedTuple):
    """The dose at which an augmentation reaches the common level of damage.

    Attributes:
        damage: the measure, a key of `image_difference.MEASURES`.
        level: the common level, as damage (see `image_difference.as_damage`).
        augmentation: name of the augmentation.
        dose: the dose; NaN where the level cannot be reached.
        reached: mean damage over the images at that dose.
        lowest, highest: mean damage at the least and at the highest dose.
        reason: why the level cannot be reached; empty where it can.
    """

    damage: str
    level: float
    augmentation: str
    dose: float
    reached: float
    lowest: float
    highest: float
    reason: str


class DamageCurve:
    """The damage that an augmentation does to some images at any dose. No dose is measured twice.

    Args:
        originals: the images; their records hold `image_sha256`.
        name: name of the augmentation; part of the seeds. All doses use the draw of the main view.
        entry: its configuration, with a dose scale and thus a single transform.
        dose_levels: the configured doses.
        root_seed: seed of the run.

    Attributes:
        grid: the least dose and those of the dose-response curve.
    """

    def __init__(
        self,
        originals: Sequence[shards.View],
        name: str,
        entry: AugmentationEntry,
        dose_levels: Sequence[float],
        root_seed: int,
    ) -> None:
        self.name, self._originals, self._root_seed = name, originals, root_seed
        (self._step,), self._scale = steps_of(entry), entry["dose"]
        self.grid = draws_and_doses.all_doses(entry["dose"], [LEAST_DOSE, *dose_levels])
        self._means: dict[float, dict[str, float]] = {}

    def views(self, dose: float) -> Iterator[shards.View]:
        """Yield the views of all images at a dose.

        Raises:
            InputError: see `Augmentation` and `Augmentation.view_of`.
        """
        step = doses.at_dose(self._step, self._scale, dose)
        yield from map(Augmentation(self.name, [step], self._root_seed).view_of, self._originals)

    def at(self, dose: float, measure: str) -> float:
        """Return the mean damage over the images at a dose."""
        if dose not in self._means:
            pairs = [
                (original.pixels, view.pixels) for original, view in zip(self._originals, self.views(dose), strict=True)
            ]
            self._means[dose] = {
                name: float(image_difference.as_damage(name, fmean(function(*pair) for pair in pairs)))
                for name, function in image_difference.MEASURES.items()
            }
        return self._means[dose][measure]

    def grows(self, measure: str) -> bool:
        """Return whether the damage grows from dose to dose of the grid."""
        harm = [self.at(dose, measure) for dose in self.grid]
        largest_so_far = [max(harm[: place + 1]) for place in range(len(harm))]
        return all(before - after <= SLACK * max(harm) for before, after in zip(largest_so_far, harm, strict=True))

    def dose_for(self, level: float, measure: str) -> float:
        """Return the dose whose damage is closest to a level between those of the least and the highest dose."""
        lower, upper = self.grid[0], self.grid[-1]
        if self.at(upper, measure) <= level:
            return upper
        while upper - lower > SMALLEST_STEP:
            middle = (lower + upper) / 2
            reached = self.at(middle, measure)
            if abs(reached - level) <= TOLERANCE * level:
                return middle
            lower, upper = (middle, upper) if reached < level else (lower, middle)
        return min(lower, upper, key=lambda dose: abs(self.at(dose, measure) - level))


def choose(curves: Sequence[DamageCurve]) -> Iterator[EqualDose]:
    """Yield the dose of every augmentation at the common level of each measure of damage.

    The common level is the largest damage that every augmentation reaches. An augmentation whose scale starts above the
    level, whose damage does not grow with the dose, or which does no damage has no dose there. With fewer than two
    augmentations there is no level.
    """
    for measure in image_difference.MEASURES if len(curves) > 1 else ():
        reasons = {curve.name: _flaw(curve, measure) for curve in curves}
        highest = {curve.name: curve.at(curve.grid[-1], measure) for curve in curves}
        level = min((highest[name] for name, reason in reasons.items() if not reason), default=nan)
        for curve in curves:
            lowest = curve.at(curve.grid[0], measure)
            reason = reasons[curve.name] or (TOO_STRONG if lowest > level else "")
            dose = nan if reason else curve.dose_for(level, measure)
            reached = nan if reason else curve.at(dose, measure)
            yield EqualDose(measure, level, curve.name, dose, reached, lowest, highest[curve.name], reason)


def _flaw(curve: DamageCurve, measure: str) -> str:
    """Return why an augmentation cannot be compared at any level; empty if it can."""
    if curve.at(curve.grid[-1], measure) <= 0:
        return NO_DAMAGE
    return "" if curve.grows(measure) else NOT_MONOTONE


def views(curves: Iterable[DamageCurve], chosen: Iterable[EqualDose]) -> Iterator[shards.View]:
    """Yield the views at the chosen doses, under the keys of a shard with several augmentations."""
    by_name: Mapping[str, DamageCurve] = {curve.name: curve for curve in curves}
    for found in chosen:
        for view in by_name[found.augmentation].views(found.dose) if not found.reason else ():
            name = key(view.image_id, found.augmentation)
            yield shards.View(key(name, equal_name(found.damage)), view.pixels, view.record)
