"""Check that a transform draws only what its seed determines, so that every run makes the same views."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from embedding_shift.config.entries import TransformEntry
from embedding_shift.errors import InputError
from embedding_shift.views import steps, transforms

SEEDS = range(8)  # A transform that draws between two outcomes may give the same view twice by chance.


def check(entries: Sequence[TransformEntry], image_size: int) -> None:
    """Apply each transform twice to one image with the same seed, and once more after building it anew.

    Args:
        entries: the transforms of an augmentation with their arguments.
        image_size: side of the image in pixels.

    Raises:
        InputError: the views or their drawn parameters differ, or a transform cannot be built or applied.
    """
    probe = np.random.default_rng(0).integers(0, 256, (image_size, image_size, 3), dtype=np.uint8)
    for number, entry in enumerate(entries):
        with steps.naming(number, entries):
            _check(entry, probe)


def _check(entry: TransformEntry, probe: NDArray[np.uint8]) -> None:
    built, rebuilt = (transforms.build(entry["transform"], entry["parameters"]) for _ in range(2))
    for seed in SEEDS:
        view, drawn = transforms.apply(built, probe, seed)
        for again in (built, rebuilt):
            other_view, other_drawn = transforms.apply(again, probe, seed)
            if not np.array_equal(view, other_view) or drawn != other_drawn:
                raise InputError(
                    f"{entry['transform']} gives different views of one image with one seed: it draws random numbers "
                    "of its own, for example in an inner Compose or from numpy.random. Draw them from self.py_random "
                    "or self.random_generator, and pass an inner Compose such a draw as its `seed` (docs/extend.md)"
                )
