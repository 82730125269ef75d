"""Apply the transforms of an augmentation one after the other, each with a seed and a probability of its own."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from embedding_shift.config.entries import TransformEntry
from embedding_shift.errors import InputError
from embedding_shift.views import transforms
from embedding_shift.views.view_record import Step


class Steps:
    """The transforms of an augmentation, built once for all images.

    Args:
        entries: the transforms with their arguments, at least one.

    Raises:
        InputError: a transform or an argument does not exist, or a value is not allowed.
    """

    def __init__(self, entries: Sequence[TransformEntry]) -> None:
        self._entries = entries
        self._built = []
        for number, entry in enumerate(entries):
            with naming(number, entries):
                self._built.append(transforms.build(entry["transform"], entry["parameters"]))

    def apply(self, pixels: NDArray[np.uint8], view_seed: int) -> tuple[NDArray[np.uint8], tuple[Step, ...]]:
        """Apply the transforms to an image.

        Args:
            pixels: uint8 (height, width, 3), RGB.
            view_seed: seed of the view, 0 to 2³² − 1.

        Returns:
            uint8 array of the same shape, and how each transform was applied, or that it was not.

        Raises:
            InputError: a transform cannot be applied, or its result is not an image of the same size.
        """
        steps = []
        for number, (entry, built) in enumerate(zip(self._entries, self._built, strict=True)):
            seed = step_seed(view_seed, number)
            if not is_applied(seed, entry.get("probability", 1)):
                steps.append(Step(entry["transform"], entry["parameters"], seed, {}, applied=False))
                continue
            with naming(number, self._entries):
                pixels, drawn = transforms.apply(built, pixels, seed)
            steps.append(Step(entry["transform"], entry["parameters"], seed, drawn))
        return pixels, tuple(steps)


def step_seed(view_seed: int, number: int) -> int:
    """Return the seed of a step, 0 to 2³² − 1: the seed of the view for the first, and a hash of both for the others.

    Steps with equal seeds would draw the same numbers.

    Args:
        view_seed: seed of the view.
        number: number of the step, from 0.
    """
    if number == 0:
        return view_seed
    return int.from_bytes(hashlib.sha256(f"{view_seed}/{number}".encode()).digest()[:4], "big")


def is_applied(seed: int, probability: float) -> bool:
    """Return whether a transform is applied to an image.

    The draw does not depend on the probability: a larger one adds images and removes none.

    Args:
        seed: seed of the step.
        probability: 0 to 1.
    """
    drawn = int.from_bytes(hashlib.sha256(f"{seed}/applied".encode()).digest()[:8], "big")
    return drawn < probability * 2**64


@contextmanager
def naming(number: int, entries: Sequence[TransformEntry]) -> Iterator[None]:
    """Name the step by its key and its transform in the message of an InputError, unless it is the only one.

    Args:
        number: number of the step, from 0, as in keys of the configuration.
        entries: the transforms of the augmentation.
    """
    try:
        yield
    except InputError as error:
        if len(entries) == 1:
            raise
        raise InputError(f"transform.{number} ({entries[number]['transform']}): {error}") from error
