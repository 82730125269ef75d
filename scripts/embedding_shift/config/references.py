"""Folders of reference pictures, from which some transforms take colours and style."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from embedding_shift.errors import InputError

TRANSFORMS = ("FDAFromFolder", "HistogramMatchingFromFolder", "PixelDistributionAdaptationFromFolder")


def pictures(folder: str) -> list[Path]:
    """Return the files in a folder by name, without hidden ones and those in folders below it.

    Raises:
        InputError: there is no such folder, or it holds no file.
    """
    if not Path(folder).is_dir():
        raise InputError(f"there is no folder {folder}")
    found = sorted(path for path in Path(folder).iterdir() if path.is_file() and not path.name.startswith("."))
    if not found:
        raise InputError(f"the folder {folder} holds no pictures")
    return found


def digest(folder: str) -> str:
    """Return the SHA-256 of the names and contents of the pictures in a folder, in hexadecimal.

    Raises:
        InputError: see `pictures`; or a picture cannot be read.
    """
    content = hashlib.sha256()
    for path in pictures(folder):
        try:
            with path.open("rb") as file:
                content.update(hashlib.file_digest(file, "sha256").digest() + os.fsencode(path.name) + b"\0")
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from None
    return content.hexdigest()


def pin(augmentations: Mapping[str, Any], located: Callable[[str], str]) -> None:
    """Add the digest of its folder to the parameters of each transform that has one, in place.

    The digest is an argument of the transform, so that the views depend on the content of the folder. A folder whose
    digest is in the configuration is not read; the transform compares the two when it opens the folder.

    Args:
        augmentations: validated entries of the configuration by name.
        located: returns the path of a folder for that in the configuration.

    Raises:
        InputError: a folder is missing, empty or cannot be read; the message names the key.
    """
    for name, entry in augmentations.items():
        for key, step in _steps(entry):
            folder = step["parameters"].get("references")
            if step["transform"] not in TRANSFORMS or not isinstance(folder, str):
                continue
            step["parameters"]["references"] = located(folder)
            try:
                step["parameters"]["sha256"] = step["parameters"].get("sha256") or digest(located(folder))
            except InputError as error:
                raise InputError(
                    f"configuration key 'augmentations.{name}.{key}parameters.references': {error}"
                ) from None


def _steps(entry: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the transforms of an entry, each with the beginning of its keys."""
    if isinstance(entry["transform"], str):
        yield "", entry
    else:
        yield from ((f"transform.{number}.", step) for number, step in enumerate(entry["transform"]))
