"""Datasets of kind `folder`: a folder of images, searched recursively."""

import os
from collections.abc import Iterator
from pathlib import Path

from embedding_shift.data import file_names
from embedding_shift.data.image_ids import unique_ids
from embedding_shift.data.listing import ListedImage, Listing, checked, no_image, summarised
from embedding_shift.errors import InputError


def list_images(folder: str | Path) -> Listing:
    """Return every image file below `folder`; all other files are summarised by reason.

    Hidden files, and files in hidden or system folders, are not taken as images. A link to a folder is not followed,
    because it may lead anywhere. It is listed with that reason. For the ids, see `image_ids.unique_ids`.

    Raises:
        InputError: the folder does not exist or contains no image, or a subfolder cannot be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}")
    reasons: dict[Path, str] = {}
    others = []
    for path, kind in _entries_below(folder):
        if hidden := file_names.hidden(path):
            others += [hidden] if kind != "folder" else []
        elif kind == "link":
            reasons[path] = "a link to a folder is not followed"
        elif kind == "folder":
            # A folder with the suffix of an image is listed as well. It is rejected when it is read.
            reasons |= {path: ""} if path.suffix.lower() in file_names.IMAGE_SUFFIXES else {}
        elif other := file_names.not_an_image(path):
            others.append(other)
        else:
            reasons[path] = file_names.unsupported(path)
    left_out = summarised(others, folder)
    if not any(path.suffix.lower() in file_names.IMAGE_SUFFIXES for path in reasons):
        raise no_image(folder, left_out)
    # An image of an unsupported kind does not change the ids of the others: many cameras write a.jpg and a.cr2.
    unsupported = {path for path in reasons if file_names.unsupported(path)}
    ids = unique_ids(sorted(reasons.keys() - unsupported))
    ids |= unique_ids(sorted(unsupported), taken=ids.values())
    images = (
        ListedImage(ids[path], str(folder / path), folder.as_posix(), reason=reason) for path, reason in reasons.items()
    )
    return Listing(checked(images, folder), left_out)


def _entries_below(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield (path relative to the folder, "file", "folder" or "link") of everything below a folder.

    A "link" is a link to a folder. Links to files are files.
    """

    def fail(error: OSError) -> None:
        raise InputError(f"the folder {error.filename} cannot be read: {error.strerror}")

    for parent, subfolders, names in os.walk(folder, onerror=fail):
        below = Path(parent).relative_to(folder)
        for name in subfolders:
            yield below / name, "link" if os.path.islink(os.path.join(parent, name)) else "folder"
        for name in names:
            yield below / name, "file"
