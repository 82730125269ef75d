"""Choose a subset of the images, the same one in every run."""

import hashlib
from collections.abc import Iterable


def order_of_choice(image_id: str) -> bytes:
    """Return the key by which images are sorted before a subset is taken.

    The key is a hash of the image id alone, so an image's place does not depend on which other images there are.
    """
    return hashlib.sha256(image_id.encode()).digest()


def first(image_ids: Iterable[str], count: int) -> list[str]:
    """Return the first `count` image ids in the order of choice, sorted by name; all of them where there are fewer."""
    return sorted(sorted(image_ids, key=order_of_choice)[:count])
