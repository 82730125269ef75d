"""Attack several images at the same time."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from embedding_shift.adversarial.attack import Pixels, ShiftGradient
from embedding_shift.adversarial.attacked_views import views_of
from embedding_shift.encoders import batching
from embedding_shift.io import shards


def attack_images(
    originals: Iterable[shards.View],
    gradient_of: Callable[[Pixels], ShiftGradient],
    epsilons: Sequence[int],
    steps: int,
    root_seed: int,
    workers: int,
) -> Iterator[shards.View]:
    """Yield `views_of` every image, in their order; `workers` images are attacked at the same time.

    Args:
        originals: the images, whose records hold `image_sha256`.
        gradient_of: returns the shift and the gradient for the pixels of an image.
        epsilons, steps, root_seed: see `views_of`.
        workers: number of threads.
    """

    def attacked(original: shards.View) -> list[shards.View]:
        return list(views_of(original, gradient_of(original.pixels), epsilons, steps, root_seed))

    for views in batching.in_parallel(attacked, originals, workers):
        yield from views
