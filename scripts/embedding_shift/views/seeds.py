"""The seed of a view."""

import hashlib


def seed(root_seed: int, image_sha256: str, augmentation: str, draw: int = 0) -> int:
    """Return the seed of one view, 0 to 2³² − 1: a hash of the four arguments, so that nothing else influences it."""
    text = f"{root_seed}/{image_sha256}/{augmentation}/{draw}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
