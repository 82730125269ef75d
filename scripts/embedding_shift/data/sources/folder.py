"""Datasets of kind `folder`: a folder of images, searched recursively."""

import os
from pathlib import Path

from embedding_shift.data.image_ids import unique_ids
from embedding_shift.data.listing import IMAGE_SUFFIXES, ListedImage, checked
from embedding_shift.errors import InputError


def list_images(folder: str | Path) -> list[ListedImage]:
    """Return every image file below `folder`, sorted by image id (see `image_ids.unique_ids`).

    A link to a folder is not followed, because it may lead anywhere. It is listed with that reason.

    Raises:
        InputError: the folder does not exist or contains no image, or a subfolder cannot be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}")
    entries, links = _entries_below(folder)
    files = [path for path in entries if path.suffix.lower() in IMAGE_SUFFIXES]
    if not files:
        raise InputError(f"no image in {folder}; known suffixes are {', '.join(sorted(IMAGE_SUFFIXES))}")
    reasons = dict.fromkeys(files, "") | dict.fromkeys(links, "a link to a folder is not followed")
    ids = unique_ids(path.relative_to(folder) for path in sorted(reasons))
    return checked(
        (
            ListedImage(ids[path.relative_to(folder)], str(path), folder.as_posix(), reason=reason)
            for path, reason in reasons.items()
        ),
        folder,
    )


def _entries_below(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return everything in a folder and its subfolders, and the links to folders among it."""

    def fail(error: OSError) -> None:
        raise InputError(f"the folder {error.filename} cannot be read: {error.strerror}")

    entries, links = [], []
    for parent, subfolders, names in os.walk(folder, onerror=fail):
        # A folder with an image suffix is listed as well; it is rejected when it is read.
        entries += [Path(parent, name) for name in (*names, *subfolders)]
        links += [Path(parent, name) for name in subfolders if os.path.islink(os.path.join(parent, name))]
    return entries, links
