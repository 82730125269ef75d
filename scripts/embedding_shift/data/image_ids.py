"""Image ids: the keys of images in every table and shard."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from pathlib import PurePath

from anyascii import anyascii

LONGEST_ID = 200
IMAGE_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_ID}}}")
HASH_DIGITS = 16


def as_id(path: str | PurePath) -> str:
    """Return `path` in letters, digits, `_` and `-`.

    Letters of other scripts are transliterated; every other character becomes `-`.
    """
    return re.sub(r"[^A-Za-z0-9_-]", "-", anyascii(PurePath(path).as_posix()))


def unique_ids(paths: Iterable[PurePath], taken: Collection[str] = ()) -> dict[PurePath, str]:
    """Return {path: image id} for distinct paths inside one folder.

    The id is the path without its suffix, with characters replaced as in `as_id`. Paths whose ids would collide keep
    their suffix. If they still collide, or if the id would be too long, the id ends in a part of a hash of the path.
    Names in ASCII come first, so that their ids do not depend on names in other scripts.

    Args:
        paths: the paths.
        taken: ids that other images have.
    """
    ids: dict[PurePath, str] = {}
    candidates: tuple[Callable[[PurePath], str], ...] = (lambda path: as_id(path.with_suffix("")), as_id)
    paths = list(paths)
    for ascii_only in (True, False):
        group = [path for path in paths if str(path).isascii() == ascii_only]
        for candidate in candidates:
            proposed = {path: candidate(path) for path in group if path not in ids}
            counts = Counter([*proposed.values(), *ids.values(), *taken])
            ids |= {path: own for path, own in proposed.items() if counts[own] == 1 and IMAGE_ID.fullmatch(own)}
        ids |= {path: _hashed_id(path) for path in group if path not in ids}
    return ids


def id_of_url(url: str) -> str:
    """Return the image id of a URL: a hash, so that it depends on nothing else."""
    return f"url-{hashlib.sha256(url.encode()).hexdigest()[:HASH_DIGITS]}"


def _hashed_id(path: PurePath) -> str:
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:HASH_DIGITS]
    return f"{as_id(path)[: LONGEST_ID - HASH_DIGITS - 1]}-{digest}"
