"""Which images are taken where not all are."""

import hashlib


def order_of_choice(image_id):
    """Return the sort key by which images are chosen: a hash of the id, so that no other image has a say in it."""
    return hashlib.sha256(image_id.encode()).digest()


def first(image_ids, count):
    """Return at most `count` of the image ids, sorted."""
    return sorted(sorted(image_ids, key=order_of_choice)[:count])
