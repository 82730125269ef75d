"""The further views that the study compares: more draws and graded doses."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from embedding_shift.io import shards
from embedding_shift.study.variant_names import dose_name, draw_name, key
from embedding_shift.views import doses
from embedding_shift.views.augment import Augmentation


class Variant(NamedTuple):
    """A view that an augmentation needs of every image.

    Attributes:
        name: name of the variant.
        draw: number of the draw.
        arguments: arguments of the transform.
    """

    name: str
    draw: int
    arguments: Mapping[str, Any]


def variants(
    arguments: Mapping[str, Any], scale: doses.DoseScale | None, draws: int, dose_levels: Sequence[float]
) -> Iterator[Variant]:
    """Yield the variants that an augmentation needs.

    Args:
        arguments: the configured arguments.
        scale: the scale of the doses; None for an augmentation without doses.
        draws: draws per image, including the main view.
        dose_levels: doses, 0 to 1; empty for no doses at all. The configured setting is added. Dose 0 is the original
            and needs no view.
    """
    for draw in range(1, draws):
        yield Variant(draw_name(draw), draw, arguments)
    if not scale or not dose_levels:
        return
    # With the configured setting among the doses, the curve needs no interpolation there.
    for dose in sorted({round(dose, 3) for dose in (*dose_levels, scale["setting"])} - {0}):
        # All doses use the draw of the main view: direction and pattern stay, only the strength grows.
        yield Variant(dose_name(dose), 0, doses.arguments_at(arguments, scale, dose))


def augment(
    originals: Iterable[shards.View], name: str, transform: str, wanted: Iterable[Variant], root_seed: int
) -> Iterator[shards.View]:
    """Yield the study's views of one augmentation: all variants of an image, then those of the next image.

    Args:
        originals: views whose records hold `image_sha256`.
        name: name of the augmentation; part of the seeds.
        transform: class name of the transform.
        wanted: the variants.
        root_seed: seed of the run.

    Raises:
        InputError: the transform cannot be built, or cannot be applied to an image.
    """
    built = [(variant, Augmentation(name, transform, variant.arguments, root_seed)) for variant in wanted]
    for original in originals:
        for variant, augmentation in built:
            view = augmentation.view_of(original, variant.draw)
            yield shards.View(key(view.image_id, variant.name), view.pixels, view.record)
