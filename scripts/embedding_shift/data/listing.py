"""The listing of a dataset: its images, and what else its source holds, in the same form for every kind of dataset."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple

from embedding_shift.data.file_names import IMAGE_SUFFIXES
from embedding_shift.data.image_ids import IMAGE_ID, LONGEST_ID
from embedding_shift.errors import InputError

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
        label: the class of what it shows; empty if there is none.
    """

    image_id: str
    path: str
    root: str
    sha256: str = ""
    caption: str = ""
    source: str = ""
    reason: str = ""
    label: str = ""


@dataclass(frozen=True)
class LeftOut:
    """Files of a dataset that are left out together, such as those that are not images.

    Attributes:
        path: the folder, table or shards that hold them.
        reason: why they are left out.
        files: their number; of a table of URLs, the number of rows.
    """

    path: str
    reason: str
    files: int


class Listing(NamedTuple):
    """Everything that the source of a dataset holds.

    Attributes:
        images: the images, sorted by image id.
        left_out: all other files, summarised by reason.
    """

    images: list[ListedImage]
    left_out: list[LeftOut]


LISTING_COLUMNS = [field.name for field in fields(ListedImage)]
LEFT_OUT_COLUMNS = [field.name for field in fields(LeftOut)]


def columns_in_use(columns: Sequence[str], labels: Iterable[str]) -> list[str]:
    """Return the columns of a table of images: without `label` if no image has one, that is, if all are empty."""
    has_labels = any(labels)
    return [column for column in columns if column != "label" or has_labels]


def summarised(reasons: Iterable[str], origin: str | Path) -> list[LeftOut]:
    """Return the files that are left out, given the reason of each, as one entry per reason.

    Args:
        reasons: one reason per file.
        origin: the folder, table or shards that hold the files.
    """
    return [LeftOut(str(origin), reason, files) for reason, files in sorted(Counter(reasons).items())]


def no_image(origin: str | Path, left_out: Iterable[LeftOut]) -> InputError:
    """Return the error for a source without images, which says what the source holds instead."""
    found = ", ".join(f"{entry.files} × {entry.reason}" for entry in left_out)
    return InputError(
        f"no image in {origin}; known suffixes are {', '.join(sorted(IMAGE_SUFFIXES))}"
        + (f"; files found: {found}" if found else "")
    )


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
