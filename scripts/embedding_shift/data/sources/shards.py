"""Datasets of kind `webdataset`: tar shards, local or fetched over HTTP(S)."""

import glob
from pathlib import Path

import braceexpand

from embedding_shift.data import webdataset_shards
from embedding_shift.data.acquisition.content_store import content_path
from embedding_shift.data.acquisition.outcome import OK
from embedding_shift.data.image_ids import as_id
from embedding_shift.data.listing import IMAGE_SUFFIXES, ListedImage, checked, checked_caption, is_utf_8
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


def list_images(path: str, acquisition: str | Path | None, downloads: str | Path | None) -> list[ListedImage]:
    """Return an entry for every image in the shards, sorted by image id.

    The id is the shard's name without its suffix, a `-`, and the image's name in the shard without its suffix.

    Args:
        path: as in `expand`.
        acquisition: the CSV file with the outcome of every URL (`acquisition.report`); None if all shards are local.
        downloads: the folder that holds the fetched shards (`acquisition.content_store`); None if all shards are local.

    Raises:
        InputError: a shard was not fetched, cannot be read or contains no image, or two images share an id.
    """
    outcomes = {row["url"]: row for row in tables.read_rows(acquisition)} if acquisition else {}
    images = []
    for shard in expand(path):
        file = _fetched(shard, outcomes, downloads or "") if is_url(shard) else shard
        found = list(webdataset_shards.samples(file, IMAGE_SUFFIXES))
        if not found:
            raise InputError(f"no image in {shard}; known suffixes are {', '.join(sorted(IMAGE_SUFFIXES))}")
        images += [_listed(shard, file, sample) for sample in found]
    return checked(images, path)


def _listed(shard: str, file: str, sample: webdataset_shards.Sample) -> ListedImage:
    name = shard.rpartition("/")[2].partition("?")[0].removesuffix(".tar")
    path = f"{shard}#{sample.member}"
    caption, source = checked_caption(sample.caption, path), sample.source or shard
    if not (is_utf_8(caption) and is_utf_8(source)):
        raise InputError(f"{path}: its caption or URL contains a lone surrogate and is not valid Unicode")
    root = Path(file).as_posix()
    return ListedImage(as_id(f"{name}/{sample.stem}"), path, root, caption=caption, source=source)


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
