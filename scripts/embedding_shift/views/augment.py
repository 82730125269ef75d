"""Make views: apply an augmentation to original views and record how."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from embedding_shift.compat import versions
from embedding_shift.config.entries import TransformEntry
from embedding_shift.errors import InputError
from embedding_shift.io import array_store, atomic, shards
from embedding_shift.views import seeds
from embedding_shift.views.steps import Steps
from embedding_shift.views.view_record import ViewRecord

STEPS_HELP = 'JSON list of the transforms, each as {"transform": NAME, "parameters": {…}}, or also with a "probability"'


class Augmentation:
    """An augmentation with fixed arguments, ready to make views.

    Args:
        name: name in the configuration; part of every seed.
        steps: the transforms with their arguments, in the order in which they are applied.
        root_seed: seed of the run.

    Raises:
        InputError: a transform or an argument does not exist, or a value is not allowed.
    """

    def __init__(self, name: str, steps: Sequence[TransformEntry], root_seed: int) -> None:
        self.name, self.root_seed = name, root_seed
        try:
            self._steps = Steps(steps)
        except InputError as error:
            raise InputError(f"augmentation {name!r}: {error}") from None

    def view_of(self, original: shards.View, draw: int = 0) -> shards.View:
        """Return the augmented view of an original view, with its ViewRecord as JSON.

        Args:
            original: a view whose record holds `image_sha256`.
            draw: number of the draw, from 0.

        Raises:
            InputError: a transform cannot be applied to the image.
        """
        digest = original.record["image_sha256"]
        seed = seeds.seed(self.root_seed, digest, self.name, draw)
        try:
            pixels, steps = self._steps.apply(original.pixels, seed)
        except InputError as error:
            raise InputError(f"augmentation {self.name!r}, image {original.image_id!r}: {error}") from None
        height, width, _ = pixels.shape
        record = ViewRecord(self.name, digest, steps, draw, shape=(height, width))
        return shards.View(original.image_id, pixels, record.as_json())


def augment(
    originals: Iterable[shards.View], name: str, steps: Sequence[TransformEntry], root_seed: int
) -> Iterator[shards.View]:
    """Yield the augmented view of every original view.

    Args:
        originals: views whose records hold `image_sha256`.
        name, steps, root_seed: see `Augmentation`.

    Raises:
        InputError: see `Augmentation` and `Augmentation.view_of`.
    """
    augmentation = Augmentation(name, steps, root_seed)
    for original in originals:
        yield augmentation.view_of(original)


def setting(code: Sequence[str | Path]) -> list[str]:
    """Return everything but the originals and the arguments of `augment` that decides the views.

    Args:
        code: the files of the code that makes them.
    """
    return [*versions.everything_installed(), array_store.processor(), *sorted(map(atomic.sha256, code))]
