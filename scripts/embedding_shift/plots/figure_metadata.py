"""What the files of a figure say about what it was drawn from."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from embedding_shift.io import atomic

# The key of the metadata by the kind of file.
SOURCE_KEYS = {"pdf": "Keywords", "png": "Source", "svg": "Source"}


def source(
    name: str,
    inputs: Mapping[str, str | PathLike[str]],
    options: Mapping[str, Any],
    code: Iterable[str | PathLike[str]],
) -> str:
    """Return what a figure was drawn from as one line: SHA-256 of its tables, its code and its options.

    Folders of views and attention maps are left out: they follow from the manifest, and their shards change no figure.
    """
    files = {key: path for key, path in sorted(inputs.items()) if Path(path).is_file()}
    hashes = {key: atomic.sha256(path) for key, path in files.items()}
    parts = {"code": sorted(map(atomic.sha256, code)), "options": {key: str(options[key]) for key in sorted(options)}}
    hashes |= {key: hashlib.sha256(json.dumps(part).encode()).hexdigest() for key, part in parts.items()}
    return " ".join([f"figure:{name}", *(f"{key}:{value}" for key, value in hashes.items())])
