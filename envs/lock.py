"""Pin what the packages of an environment file need in turn, as it is installed where this runs (`make lock`).

Above the marker line of each file stand the packages that this project uses itself, written by hand, each with what
it is for; below it stands what they need, written by this script. What a package needs on one operating system alone
is left to that package: PyTorch pins its own CUDA libraries, for Linux only.

usage: python envs/lock.py FILE...
"""

import re
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

MARKER = "      # What these need in turn, written by `make lock`:"
PIN = re.compile(r"^      - (?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[^\s;#]+)", re.MULTILINE)
SYSTEMS = (
    {"platform_system": "Linux", "sys_platform": "linux", "os_name": "posix"},
    {"platform_system": "Darwin", "sys_platform": "darwin", "os_name": "posix"},
    {"platform_system": "Windows", "sys_platform": "win32", "os_name": "nt"},
)


def pins(text):
    """Return {name: version} of the pins in (a part of) an environment file."""
    return {match["name"]: match["version"] for match in PIN.finditer(text)}


def split(text):
    """Return what stands above and below the marker line; nothing is below where there is no marker."""
    above, _, below = text.partition(MARKER + "\n")
    return above, below


def needed(names):
    """Return the canonical names of all that the installed distributions `names` need in turn, sorted."""
    found, waiting = set(), [(canonicalize_name(name), frozenset()) for name in names]
    seen = set(waiting)
    while waiting:
        name, extras = waiting.pop()
        for requirement in map(Requirement, metadata.requires(name) or []):
            if not _applies(requirement, extras):
                continue
            entry = canonicalize_name(requirement.name), frozenset(requirement.extras)
            found.add(entry[0])
            if entry not in seen:
                seen.add(entry)
                waiting.append(entry)
    return sorted(found - {canonicalize_name(name) for name in names})


def _applies(requirement, extras):
    """Whether the requirement, with its parent's `extras`, holds here and on more than one operating system."""
    if requirement.marker is None:
        return True

    def holds(system):
        return any(requirement.marker.evaluate({"extra": extra} | system) for extra in ("", *extras))

    return holds({}) and sum(map(holds, SYSTEMS)) > 1


def locked(text):
    """Return the environment file's text with the pins below the marker renewed."""
    above, _ = split(text)
    names = needed(pins(above))
    if not names:
        return above
    lines = [f"      - {name}=={metadata.version(name)}" for name in names]
    return "\n".join([above.rstrip("\n"), MARKER, *lines]) + "\n"


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        path.write_text(locked(path.read_text()))
