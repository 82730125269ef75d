"""Views that are given: the counterparts that another program made of the images."""

from collections.abc import Iterable, Iterator, Mapping

from embedding_shift.io import shards
from embedding_shift.views.view_record import ViewRecord


def given_views(
    counterparts: Iterable[shards.View], augmentation: str, images: Mapping[str, str]
) -> Iterator[shards.View]:
    """Yield the view of every image that is used, with its ViewRecord as JSON.

    Args:
        counterparts: the resized counterparts, whose records hold the SHA-256 of their files as `image_sha256`.
        augmentation: name of the counterpart in the configuration.
        images: SHA-256 of the original's file by image id, of the images that are used.
    """
    for view in counterparts:
        if view.image_id in images:
            height, width, _ = view.pixels.shape
            digest = view.record["image_sha256"]
            made = ViewRecord(
                augmentation, images[view.image_id], (), 0, shape=(height, width), counterpart_sha256=digest
            )
            yield shards.View(view.image_id, view.pixels, made.as_json())
