"""Find out which versions of other projects are installed: workarounds apply only to those they were written for."""

import contextlib
import os
import sys
from functools import cache
from importlib import metadata

METADATA = (".dist-info", ".egg-info")
CONDA_METADATA = (".json",)


@cache
def is_installed(distribution: str, *versions: str) -> bool:
    """Return whether one of `versions` of a distribution is installed.

    Args:
        distribution: name on the package index.
        versions: such as "2.14", which stands for 2.14 and every 2.14.x. A local part such as "+cpu" is ignored.
    """
    try:
        installed = metadata.version(distribution).partition("+")[0]
    except metadata.PackageNotFoundError:
        return False
    return any(f"{installed}.".startswith(f"{version}.") for version in versions)


def everything_installed() -> list[str]:
    """Return what tells one environment from another: the version of Python, and all packages with their versions.

    The names of the files of metadata are enough for this, and reading them takes a millisecond.
    """
    folders = [(path, METADATA) for path in sys.path] + [(f"{sys.prefix}/conda-meta", CONDA_METADATA)]
    names: set[str] = set()
    for folder, suffixes in folders:
        with contextlib.suppress(OSError):  # Python itself skips folders that are missing or unreadable.
            names |= {name for name in os.listdir(folder) if name.endswith(suffixes)}
    return [sys.version, *sorted(names)]
