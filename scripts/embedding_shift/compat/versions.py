"""Check which version of another project is installed: workarounds apply only to the versions they were written for."""

from functools import cache
from importlib import metadata


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
