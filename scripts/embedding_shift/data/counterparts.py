"""Given pairs: match originals with the counterparts that another program made, and reject those that do not fit."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path, PurePath

from embedding_shift.config.counterparts import is_table
from embedding_shift.data.listing import LeftOut, ListedImage, Listing, checked
from embedding_shift.data.manifest import IngestedImage
from embedding_shift.data.reject_reasons import OTHER_SIZE, SEVERAL_FILES, SEVERAL_ORIGINALS
from embedding_shift.data.sources import csv_table
from embedding_shift.data.sources import folder as image_folder

ABSENT = "there is none"


def list_originals(path: str) -> Listing:
    """Return the originals at `path`, a folder or a table as of datasets of kind `csv`, which may have captions.

    Raises:
        InputError: see `folder.list_images` and `csv_table.list_images`.
    """
    return csv_table.list_images(path) if is_table(path) else image_folder.list_images(path)


def match(originals: Iterable[ListedImage], name: str, folder: str | Path) -> Listing:
    """Return the counterpart of every original, with the id of the original.

    The counterpart has the path of the original in its own folder, but for the suffix; that of an original in a table
    is relative to the folder of the table. Files of an unsupported kind
    count only where no other file fits.

    Args:
        originals: the images of a folder or a table.
        name: name of the counterpart in the configuration.
        folder: the folder of the counterparts, searched recursively.

    Returns:
        An image for every original, with the reason if there is no counterpart or more than one; and all other files.

    Raises:
        InputError: the folder does not exist or contains no image.
    """
    found = image_folder.list_images(folder)
    given, fitting = _by_place(found.images), _by_place(originals)
    images, used = [], set[str]()
    for place, sharing in fitting.items():
        files = _supported(given.get(place, []))
        used.update(file.path for file in files)
        reason = _why_not_one(files, _supported(sharing))
        for original in sharing:
            path, own = (files[0].path, files[0].reason) if files else (str(Path(folder, place)), "")
            images.append(ListedImage(original.image_id, path, Path(folder).as_posix(), reason=reason or own))
    left_out = [
        LeftOut(file.path, f"counterpart {name}: {file.reason or 'there is no original'}", 1)
        for file in found.images
        if file.path not in used
    ]
    return Listing(checked(images, folder), [*left_out, *found.left_out])


def joined(
    originals: Iterable[IngestedImage], counterparts: Mapping[str, Iterable[IngestedImage]]
) -> list[IngestedImage]:
    """Return the originals, where those with a counterpart that cannot be used are rejected.

    Original and counterpart must have the same width and height when both are the right way up: they are squashed to
    one square, so that a place in one is the same place in the other.

    Args:
        originals: the ingested originals.
        counterparts: the ingested counterparts by name, one for every original, under its id.
    """
    found = {name: {image.image_id: image for image in images} for name, images in counterparts.items()}
    return [_checked(image, {name: images[image.image_id] for name, images in found.items()}) for image in originals]


def _checked(original: IngestedImage, counterparts: Mapping[str, IngestedImage]) -> IngestedImage:
    for name, given in counterparts.items():
        reason = given.reason
        if not reason and (given.width, given.height) != (original.width, original.height):
            reason = f"{OTHER_SIZE}{given.width}×{given.height} pixels, not {original.width}×{original.height}"
        if reason and not original.reason:
            return replace(original, reason=f"counterpart {name}: {reason}")
    return original


def _by_place(images: Iterable[ListedImage]) -> dict[str, list[ListedImage]]:
    """Return the images by path in their folder without the suffix, in composed Unicode: some systems decompose it."""
    found = defaultdict(list)
    for image in images:
        found[_place(PurePath(image.path), image.root)].append(image)
    return found


def _place(path: PurePath, root: str) -> str:
    # A path of a table that leads out of its folder is rejected when it is read.
    inside = path.relative_to(root) if path.is_relative_to(root) else path
    return unicodedata.normalize("NFC", inside.with_suffix("").as_posix() if inside.name else "")


def _supported(images: list[ListedImage]) -> list[ListedImage]:
    return [image for image in images if not image.reason] or images


def _why_not_one(files: list[ListedImage], originals: list[ListedImage]) -> str:
    """Return why files cannot be matched with originals at the same place; an empty text if both are one."""
    if not files:
        return ABSENT
    if len(files) > 1:
        return SEVERAL_FILES + _names(files)
    if len({image.path for image in originals}) > 1:
        return SEVERAL_ORIGINALS + _names(originals)
    return ""


def _names(images: Iterable[ListedImage]) -> str:
    return ", ".join(PurePath(image.path).name for image in images)
