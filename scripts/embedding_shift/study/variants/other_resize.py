"""The images of the study, resized by the other of the two methods."""

from collections.abc import Iterable, Iterator, Mapping

from embedding_shift.data import ingestion, resizing
from embedding_shift.data.listing import ListedImage
from embedding_shift.errors import InputError
from embedding_shift.io import shards


def resized_otherwise(
    originals: Iterable[shards.View], listing: Mapping[str, ListedImage], max_pixels: int, resize: str
) -> Iterator[shards.View]:
    """Yield the images of original views as the other method resizes them.

    Args:
        originals: views whose records hold `image_sha256`.
        listing: the listed images by image id.
        max_pixels: see `ingestion.ingest`.
        resize: the method that made the original views, a key of `resizing.METHODS`.

    Raises:
        InputError: an image cannot be read any more, or has changed.
    """
    other = resizing.other_method(resize)
    for original in originals:
        listed = listing.get(original.image_id)
        if listed is None:
            raise InputError(
                f"image {original.image_id!r} is not listed any more; run again with --forcerun list_images"
            )
        ((image, view),) = ingestion.ingest([listed], len(original.pixels), max_pixels, other)
        if view is None:
            raise InputError(f"image {original.image_id!r} cannot be read any more: {image.reason}")
        if view.record["image_sha256"] != original.record["image_sha256"]:
            raise InputError(f"image {original.image_id!r} has changed; run again with --forcerun list_images")
        yield view
