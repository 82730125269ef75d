"""The listing of a dataset: one entry per image, in the same form for every kind of dataset."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from embedding_shift.data.image_ids import IMAGE_ID, LONGEST_ID
from embedding_shift.errors import InputError

IMAGE_SUFFIXES = {
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".tif", ".tiff", ".webp", ".avif", ".heic", ".heif", ".hif"),
    *(".jxl", ".jp2", ".j2k", ".jpf", ".jpx", ".gif", ".bmp", ".dib", ".pbm", ".pgm", ".ppm", ".pnm", ".pfm"),
}
LONGEST_CAPTION = 10_000  # characters


@dataclass(frozen=True)
class ListedImage:
    """One image of a dataset before it is read.

    Attributes:
        image_id: key of the image.
        path: its file. For an image inside a tar, the name of the shard, a `#`, and the name of the member.
        root: the folder that the file must lie in, or the tar.
        sha256: the expected digest of the file in hexadecimal; empty if any content is accepted.
        caption: empty if there is none.
        source: where the image comes from, such as its URL; may be empty.
        reason: why the image is rejected without being read; empty otherwise.
    """

    image_id: str
    path: str
    root: str
    sha256: str = ""
    caption: str = ""
    source: str = ""
    reason: str = ""


LISTING_COLUMNS = [field.name for field in fields(ListedImage)]


def checked(images: Iterable[ListedImage], origin: str | Path) -> list[ListedImage]:
    """Return the images sorted by image id.

    Args:
        images: the images of one dataset.
        origin: the folder or file they were listed from, for error messages.

    Raises:
        InputError: an id is malformed or occurs twice, or a path is not UTF-8.
    """
    paths: dict[str, str] = {}
    for image in (images := list(images)):
        if not is_utf_8(image.path):
            raise InputError(f"{origin}: the file name {image.path!r} is not UTF-8; rename the file")
        if not IMAGE_ID.fullmatch(image.image_id):
            raise InputError(
                f"{origin}: image id {image.image_id!r}; allowed are up to {LONGEST_ID} letters, digits, '_' and '-'"
            )
        if image.image_id in paths:
            first = paths[image.image_id]
            raise InputError(f"{origin}: image id {image.image_id!r} occurs twice, for {first} and {image.path}")
        paths[image.image_id] = image.path
    return sorted(images, key=lambda image: image.image_id)


def checked_caption(caption: str, where: str) -> str:
    """Return the caption.

    Raises:
        InputError: the caption is too long; `where` names the file and the line or member.
    """
    if len(caption) > LONGEST_CAPTION:
        raise InputError(f"{where}: the caption is longer than {LONGEST_CAPTION} characters")
    return caption


def is_utf_8(text: str) -> bool:
    """Return whether a text can be encoded as UTF-8: file names and texts in JSON can contain lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
