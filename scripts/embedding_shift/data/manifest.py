"""The manifest and the rejects of a dataset: which images are used, which files are not, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from embedding_shift import sampling
from embedding_shift.data.listing import LeftOut, ListedImage
from embedding_shift.data.reject_reasons import SAME_PIXELS
from embedding_shift.errors import InputError

MANIFEST_COLUMNS = ["image_id", "path", "sha256", "width", "height", "caption", "source", "converted", "label"]
REJECT_COLUMNS = ["image_id", "path", "reason", "files"]


@dataclass(frozen=True)
class IngestedImage:
    """One image of a dataset after it was read.

    Attributes:
        image_id, path, caption, source, label: as in ListedImage.
        sha256: digest of the file in hexadecimal; of an image that was not decoded, the expected digest or an empty
            text.
        pixels_sha256: digest of the decoded pixels (`decoding.pixels_sha256`); empty for an image that was not decoded.
        width, height: in pixels, the right way up; None for an image that was not decoded.
        converted: what was converted when the image was decoded, such as its colour space; empty if nothing was.
        reason: why the image is rejected; empty for a usable image.
    """

    image_id: str
    path: str
    sha256: str = ""
    pixels_sha256: str = ""
    width: int | None = None
    height: int | None = None
    caption: str = ""
    source: str = ""
    converted: str = ""
    reason: str = ""
    label: str = ""

    @classmethod
    def usable(
        cls, image: ListedImage, sha256: str, pixels_sha256: str, width: int, height: int, converted: str
    ) -> IngestedImage:
        """Return the ingested image of a listed image that was decoded."""
        measured = (sha256, pixels_sha256, width, height)
        texts = (image.caption, image.source, converted)
        return cls(image.image_id, image.path, *measured, *texts, label=image.label)

    @classmethod
    def rejected(cls, image: ListedImage, reason: str) -> IngestedImage:
        """Return the ingested image of a listed image that cannot be used."""
        given = (image.image_id, image.path, image.sha256)
        return cls(*given, caption=image.caption, source=image.source, reason=reason, label=image.label)

    @classmethod
    def from_row(cls, row: dict[str, str]) -> IngestedImage:
        """Return the image of a row of a CSV file with INGESTED_COLUMNS."""
        sizes: dict[str, Any] = {key: int(row[key]) if row[key] else None for key in ("width", "height")}
        return cls(**row | sizes)


INGESTED_COLUMNS = [field.name for field in fields(IngestedImage)]


def without_duplicates(ingested: Iterable[IngestedImage], first: Collection[str] = ()) -> list[IngestedImage]:
    """Return the ingested images, where of those with the same pixels all but one are rejected.

    The image with the smallest id is kept, so that the choice does not depend on the order of the images.

    Args:
        ingested: all images of the dataset.
        first: ids of images that are kept rather than others with the same pixels, whatever their ids.
    """
    kept: dict[str, str] = {}
    images = []
    for image in sorted(ingested, key=lambda image: (image.image_id not in first, image.image_id)):
        if not image.reason and kept.setdefault(image.pixels_sha256, image.image_id) != image.image_id:
            image = replace(image, reason=SAME_PIXELS + kept[image.pixels_sha256])
        images.append(image)
    return images


def select(
    ingested: Iterable[IngestedImage], n_images: int | None = None
) -> tuple[list[IngestedImage], list[IngestedImage]]:
    """Split the ingested images into those that are used and those that are rejected, both sorted by image id.

    Args:
        ingested: all images of the dataset.
        n_images: use at most this many of the usable images; all if None. They are taken in the order of a hash of
            their ids, so that adding or removing an image changes the selection by at most one other image.

    Raises:
        InputError: no image is usable.
    """
    usable: list[IngestedImage] = []
    rejected: list[IngestedImage] = []
    for image in ingested:
        (rejected if image.reason else usable).append(image)
    rejected.sort(key=_image_id)
    if not usable:
        first = rejected[0]
        raise InputError(f"none of {len(rejected)} images is usable; {first.path}: {first.reason}")
    usable.sort(key=lambda image: sampling.selection_key(image.image_id))
    return sorted(usable[:n_images], key=_image_id), rejected


def reject_rows(rejected: Iterable[IngestedImage], left_out: Iterable[LeftOut]) -> Iterator[dict[str, Any]]:
    """Yield the rows of the table of rejects (REJECT_COLUMNS): one per image, then one per reason to leave out files.

    A row of left-out files has no image id. `files` is their number, and 1 for an image.
    """
    yield from (asdict(image) | {"files": 1} for image in rejected)
    yield from ({"image_id": ""} | asdict(entry) for entry in left_out)


def _image_id(image: IngestedImage) -> str:
    return image.image_id
