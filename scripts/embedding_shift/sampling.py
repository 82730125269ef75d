"""Select a subset of the images in a way that depends on their ids alone."""

import hashlib
from collections.abc import Iterable


def selection_key(image_id: str) -> bytes:
    """Return the sort key for selecting images: a hash of the id, so that no image affects another one's place."""
    return hashlib.sha256(image_id.encode()).digest()


def select(image_ids: Iterable[str], count: int) -> list[str]:
    """Return at most `count` of the image ids: those with the smallest `selection_key`, sorted by id."""
    return sorted(sorted(image_ids, key=selection_key)[:count])
