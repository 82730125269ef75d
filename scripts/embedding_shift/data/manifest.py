"""The manifest and the rejects of a dataset: which images are used, which are not, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from embedding_shift import sampling
from embedding_shift.data.listing import ListedImage
from embedding_shift.errors import InputError

MANIFEST_COLUMNS = ["image_id", "path", "sha256", "width", "height", "caption", "source", "converted"]
REJECT_COLUMNS = ["image_id", "path", "reason"]


@dataclass(frozen=True)
class IngestedImage:
    """One image of a dataset after it was read.

    Attributes:
        image_id, path, caption, source: as in ListedImage.
        sha256: digest of the file in hexadecimal; of a rejected image, the expected digest or an empty text.
        width, height: in pixels, the right way up; None for a rejected image.
        converted: what was converted when the image was decoded, such as its colour space; empty if nothing was.
        reason: why the image is rejected; empty for a usable image.
    """

    image_id: str
    path: str
    sha256: str = ""
    width: int | None = None
    height: int | None = None
    caption: str = ""
    source: str = ""
    converted: str = ""
    reason: str = ""

    @classmethod
    def usable(cls, image: ListedImage, sha256: str, width: int, height: int, converted: str) -> IngestedImage:
        """Return the ingested image of a listed image that was decoded."""
        return cls(image.image_id, image.path, sha256, width, height, image.caption, image.source, converted)

    @classmethod
    def rejected(cls, image: ListedImage, reason: str) -> IngestedImage:
        """Return the ingested image of a listed image that cannot be used."""
        return replace(cls.usable(image, image.sha256, 0, 0, ""), width=None, height=None, reason=reason)

    @classmethod
    def from_row(cls, row: dict[str, str]) -> IngestedImage:
        """Return the image of a row of a CSV file with INGESTED_COLUMNS."""
        width, height = (int(row[key]) if row[key] else None for key in ("width", "height"))
        listed = (row["sha256"], width, height, row["caption"], row["source"], row["converted"], row["reason"])
        return cls(row["image_id"], row["path"], *listed)


INGESTED_COLUMNS = [field.name for field in fields(IngestedImage)]


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


def _image_id(image: IngestedImage) -> str:
    return image.image_id
