"""Datasets of kind `webdataset`: tar shards, local or fetched over HTTP(S)."""

import glob
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath

import braceexpand

from embedding_shift.data import file_names, webdataset_shards
from embedding_shift.data.acquisition.content_store import content_path
from embedding_shift.data.acquisition.outcome import OK
from embedding_shift.data.image_ids import as_id, unique_ids
from embedding_shift.data.listing import (
    ListedImage,
    Listing,
    checked,
    checked_caption,
    is_utf_8,
    no_image,
    summarised,
)
from embedding_shift.errors import InputError
from embedding_shift.io import tables

MOST_SHARDS = 100_000


def expand(path: str) -> list[str]:
    """Return the shards that `path` stands for, as paths and URLs in a fixed order.

    A folder stands for every `.tar` file in it. Braces (`{00000..00012}`, `{a,b}`) work in paths and URLs, `*`, `?`
    and `[]` in paths.

    Raises:
        InputError: a shard does not exist, or the braces do not match.
    """
    if "#" in path:
        raise InputError(f"{path}: the name of a shard must not contain '#', which separates it from a member's name")
    shards: list[str] = []
    for pattern in _expanded_braces(path):
        found = [pattern] if is_url(pattern) else _local_shards(pattern)
        if not found:
            raise InputError(f"there is no shard {pattern}")
        shards += found
    return list(dict.fromkeys(shards))


def is_url(shard: str) -> bool:
    """Return whether a shard has to be fetched first."""
    return shard.lower().startswith(("http://", "https://"))


def list_images(path: str, acquisition: str | Path | None, downloads: str | Path | None) -> Listing:
    """Return every image in the shards; all other members are summarised by reason.

    The id is the shard's name without its suffix, a `-`, and the image's name in the shard without its suffix. Images
    with names in another script get an id of their own, see `image_ids.unique_ids`.

    Args:
        path: as in `expand`.
        acquisition: the CSV file with the outcome of every URL (`acquisition.report`); None if all shards are local.
        downloads: the folder that holds the fetched shards (`acquisition.content_store`); None if all shards are local.

    Raises:
        InputError: a shard was not fetched, cannot be read or contains no image, or two images share an id.
    """
    outcomes = {row["url"]: row for row in tables.read_rows(acquisition)} if acquisition else {}
    images: list[ListedImage] = []
    others: list[str] = []
    for shard in expand(path):
        file = _fetched(shard, outcomes, downloads or "") if is_url(shard) else shard
        found, reasons = _listed(shard, file)
        if all(image.reason for image in found):
            raise no_image(shard, summarised(reasons, shard))
        images += found
        others += reasons
    return Listing(checked(_with_ids(images), path), summarised(others, path))


def _listed(shard: str, file: str) -> tuple[list[ListedImage], list[str]]:
    """Return the images of a shard, and for every other member the reason why it is left out.

    The ids are provisional: the name of the shard and that of the member.
    """
    paths = {name: PurePosixPath(name) for name in webdataset_shards.members(file)}
    reasons = {name: file_names.hidden(path) or file_names.not_an_image(path) for name, path in paths.items()}
    names = [name for name, reason in reasons.items() if not reason]
    prefix, root, images = shard.rpartition("/")[2].partition("?")[0].removesuffix(".tar"), Path(file).as_posix(), []
    for name, texts in zip(names, webdataset_shards.texts(file, names), strict=True):
        path = f"{shard}#{name}"
        caption, source = checked_caption(texts.caption, path), texts.source or shard
        if not (is_utf_8(caption) and is_utf_8(source)):
            raise InputError(f"{path}: its caption or URL contains a lone surrogate and is not valid Unicode")
        unsupported = file_names.unsupported(paths[name])
        images.append(ListedImage(f"{prefix}/{name}", path, root, "", caption, source, unsupported))
        reasons |= {text: f"belongs to an image: {paths[text].suffix.lower()}" for text in texts.members}
    return images, [reason for reason in reasons.values() if reason]


def _with_ids(images: Sequence[ListedImage]) -> list[ListedImage]:
    """Return the images of all shards with their final ids in place of the provisional ones."""
    paths: list[PurePath] = [PurePosixPath(image.image_id) for image in images]
    others = {path for path in paths if not str(path).isascii() or file_names.unsupported(path)}
    ids = {path: as_id(path.with_suffix("")) for path in paths if path not in others}
    ids |= unique_ids(sorted(others), taken=ids.values())
    return [replace(image, image_id=ids[path]) for image, path in zip(images, paths, strict=True)]


def _expanded_braces(path: str) -> list[str]:
    expanded: list[str] = []
    try:
        for pattern in braceexpand.braceexpand(path):
            expanded.append(pattern)
            if len(expanded) > MOST_SHARDS:
                raise InputError(f"{path} stands for more than {MOST_SHARDS} shards")
    except braceexpand.UnbalancedBracesError:  # type: ignore[attr-defined]  # Missing in its type stubs.
        raise InputError(f"{path}: the braces do not match") from None
    return expanded


def _local_shards(pattern: str) -> list[str]:
    if Path(pattern).is_dir():
        return sorted(str(path) for path in Path(pattern).glob("*.tar"))
    if Path(pattern).is_file():
        return [pattern]
    return sorted(glob.glob(pattern))


def _fetched(shard: str, outcomes: dict[str, dict[str, str]], downloads: str | Path) -> str:
    outcome = outcomes.get(shard)
    if outcome is None:
        raise InputError(f"{shard} was not requested; acquire the shards again")
    if outcome["status"] != OK:
        raise InputError(
            f"{shard} could not be fetched: {outcome['status']}, {outcome['reason']}; `--forcerun acquire_images` "
            "requests failed URLs again"
        )
    return str(content_path(downloads, outcome["sha256"]))
