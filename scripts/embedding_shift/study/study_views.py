"""The further views that the study compares: more draws and graded doses."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from embedding_shift.config.entries import TransformEntry
from embedding_shift.io import shards
from embedding_shift.study.variant_names import dose_name, draw_name, key
from embedding_shift.views import doses
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
    steps: Sequence[TransformEntry], scale: doses.DoseScale | None, draws: int, dose_levels: Sequence[float]
) -> Iterator[Variant]:
    """Yield the variants that an augmentation needs.

    Args:
        steps: the transforms with the configured arguments.
        scale: the scale of the doses, for an augmentation with a single transform; None for one without doses.
        draws: draws per image, including the main view.
        dose_levels: doses, 0 to 1; empty for no doses at all. The configured setting is added. Dose 0 is the original
            and needs no view.
    """
    for draw in range(1, draws):
        yield Variant(draw_name(draw), draw, steps)
    if not scale or not dose_levels:
        return
    # With the configured setting among the doses, the curve needs no interpolation there.
    for dose in sorted({round(dose, 3) for dose in (*dose_levels, scale["setting"])} - {0}):
        # All doses use the draw of the main view: direction and pattern stay, only the strength grows.
        yield Variant(dose_name(dose), 0, [doses.at_dose(steps[0], scale, dose)])


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
