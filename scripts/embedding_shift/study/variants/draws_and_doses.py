"""The further views that the study compares: more draws, graded doses, and parts of a list of transforms."""

from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean
from typing import NamedTuple

from embedding_shift.config.entries import TransformEntry
from embedding_shift.io import shards
from embedding_shift.study.variants.variant_names import (
    LEAST_DOSE,
    OTHER_RESIZE,
    after_steps,
    dose_name,
    draw_name,
    key,
    without_step,
)
from embedding_shift.views import doses, image_difference
from embedding_shift.views.augment import Augmentation


class Variant(NamedTuple):
    """A view that an augmentation needs of every image.

    Attributes:
        name: name of the variant.
        draw: number of the draw.
        steps: the transforms with their arguments.
    """

    name: str
    draw: int
    steps: Sequence[TransformEntry]


def variants(
    steps: Sequence[TransformEntry],
    scale: doses.DoseScale | None,
    draws: int,
    dose_levels: Sequence[float],
    jumps: bool = False,
) -> Iterator[Variant]:
    """Yield the variants that an augmentation needs.

    Args:
        steps: the transforms with the configured arguments.
        scale: the scale of the doses, for an augmentation with a single transform; None for one without doses.
        draws: draws per image, including the main view.
        dose_levels: doses, 0 to 1; empty for no doses at all. The configured setting is added. Dose 0 is the original
            and needs no view.
        jumps: whether the scale jumps at dose 0 (see `jumps_at_zero`); the least dose is then added.
    """
    for draw in range(1, draws):
        yield Variant(draw_name(draw), draw, steps)
    yield from _parts_of_list(steps)
    if not scale or not dose_levels:
        return
    for dose in all_doses(scale, [*dose_levels, LEAST_DOSE] if jumps else dose_levels):
        # All doses use the draw of the main view: direction and pattern stay, only the strength grows.
        yield Variant(dose_name(dose), 0, [doses.at_dose(steps[0], scale, dose)])


def _parts_of_list(steps: Sequence[TransformEntry]) -> Iterator[Variant]:
    """Yield the first transforms of a list, and the list without each of them, with the draws of the main view."""
    count = len(steps)
    for number in range(1, count):
        yield Variant(after_steps(number, count), 0, steps[:number])
    for number in range(1, count):
        # A transform that is never applied leaves the seeds of the others as they are.
        left_out: TransformEntry = {**steps[number - 1], "probability": 0}
        yield Variant(without_step(number, count), 0, [*steps[: number - 1], left_out, *steps[number:]])


def other_resize(steps: Sequence[TransformEntry]) -> Variant:
    """Return the variant of the images that are resized by the other method: the draw of the main view."""
    return Variant(OTHER_RESIZE, 0, steps)


def all_doses(scale: doses.DoseScale, dose_levels: Sequence[float]) -> list[float]:
    """Return the doses of a curve in increasing order, with the configured setting, so that it is measured as well.

    Args:
        scale: the scale of the doses.
        dose_levels: doses, 0 to 1. They are rounded to three decimals, and 0 is left out.
    """
    return sorted({round(dose, 3) for dose in (*dose_levels, scale["setting"])} - {0})


def jumps_at_zero(
    originals: Iterable[shards.View], name: str, step: TransformEntry, scale: doses.DoseScale, root_seed: int
) -> bool:
    """Return whether a dose scale jumps at dose 0: its views at a vanishing dose are not the images themselves.

    Args:
        originals: views whose records hold `image_sha256`.
        name, root_seed: see `augment`.
        step: the only transform of the augmentation, with the configured arguments.
        scale: the scale of the doses.

    Raises:
        InputError: see `augment`.
    """
    augmentation = Augmentation(name, [doses.at_dose(step, scale, LEAST_DOSE)], root_seed)
    pairs = ((original.pixels, augmentation.view_of(original).pixels) for original in originals)
    return fmean(image_difference.rmse(*pair) for pair in pairs) > image_difference.ROUNDING


def augment(
    originals: Iterable[shards.View], name: str, wanted: Iterable[Variant], root_seed: int
) -> Iterator[shards.View]:
    """Yield the study's views of one augmentation: all variants of an image, then those of the next image.

    Args:
        originals: views whose records hold `image_sha256`.
        name: name of the augmentation; part of the seeds.
        wanted: the variants.
        root_seed: seed of the run.

    Raises:
        InputError: a transform cannot be built, or cannot be applied to an image.
    """
    built = [(variant, Augmentation(name, variant.steps, root_seed)) for variant in wanted]
    for original in originals:
        for variant, augmentation in built:
            view = augmentation.view_of(original, variant.draw)
            yield shards.View(key(view.image_id, variant.name), view.pixels, view.record)
