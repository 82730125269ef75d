"""Read and write the pins of the environment files, envs/*.yaml.

Above the marker line of each file are the packages that the project uses itself, written by hand, each with its
purpose. Below it are the packages that these need in turn, written by `lock.py write` from the packages that are
installed. A requirement that holds on one operating system only is left to the package that has it: PyTorch pins its
own CUDA libraries, for Linux only.

Only `write` needs a package beyond the standard library: `list` tells pip what to install in an empty environment.
"""

import argparse
import re
from importlib import metadata
from pathlib import Path

MARKER = "      # What these need in turn, written by `make lock`:"
PIN = re.compile(r"^      - (?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[^\s;#]+)", re.MULTILINE)
SYSTEMS = (
    {"platform_system": "Linux", "sys_platform": "linux", "os_name": "posix"},
    {"platform_system": "Darwin", "sys_platform": "darwin", "os_name": "posix"},
    {"platform_system": "Windows", "sys_platform": "win32", "os_name": "nt"},
)


def pins(text):
    """Return {name: version} of the pins in an environment file, or in a part of it."""
    return {match["name"]: match["version"] for match in PIN.finditer(text)}


def split(text):
    """Return the text above and below the marker line; the text below is empty if there is no marker."""
    above, _, below = text.partition(MARKER + "\n")
    return above, below


def needed(names):
    """Return the sorted canonical names of all distributions that the installed distributions `names` need."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

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
    """Return whether a requirement, with its parent's `extras`, holds here and on more than one operating system."""
    if requirement.marker is None:
        return True

    def holds(system):
        return any(requirement.marker.evaluate({"extra": extra} | system) for extra in ("", *extras))

    return holds({}) and sum(map(holds, SYSTEMS)) > 1


def locked(text):
    """Return the text of an environment file with new pins below the marker."""
    above, _ = split(text)
    names = needed(pins(above))
    if not names:
        return above
    lines = [f"      - {name}=={metadata.version(name)}" for name in names]
    return "\n".join([above.rstrip("\n"), MARKER, *lines]) + "\n"


def listed(texts, direct):
    """Return the sorted requirements (`name==version`) of environment files; if `direct`, those above the markers."""
    found = {
        f"{name}=={version}" for text in texts for name, version in pins(split(text)[0] if direct else text).items()
    }
    return sorted(found)


def main():
    parser = argparse.ArgumentParser(description="Read and write the pins of environment files.")
    commands = parser.add_subparsers(dest="command", required=True)
    show = commands.add_parser("list", help="print the pins of all files as requirements for pip")
    show.add_argument("--direct", action="store_true", help="only the packages that the project uses itself")
    write = commands.add_parser("write", help="pin what the packages of each file need, as it is installed here")
    for command in (show, write):
        command.add_argument("files", nargs="+", type=Path, help="environment files")
    arguments = parser.parse_args()
    if arguments.command == "list":
        print("\n".join(listed([path.read_text() for path in arguments.files], arguments.direct)))
        return
    for path in arguments.files:
        path.write_text(locked(path.read_text()))


if __name__ == "__main__":
    main()
