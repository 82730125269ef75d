"""One run per folder, and a plain rerun after a run was killed.

Reason: Snakemake's lock is a set of files. They stay behind when Snakemake is killed, and the next run then needs
`--unlock`. Snakemake also looks for a lock before it writes its own, so two runs that start at the same instant both
find none. The kernel's file locks have neither problem: they end with the process that holds them, however it ends.

Written for: Snakemake 9.27 with its locks in files below `.snakemake/locks`.

Fallback: with any other version, or if Snakemake keeps its locks in a database, its locks are left alone. After a
killed run, Snakemake then asks for `--unlock`, as it does in every other workflow.
"""

import contextlib
import fcntl
import shutil
import socket
import sys
from pathlib import Path
from typing import TextIO

from embedding_shift.compat import versions
from embedding_shift.errors import InputError

VERSIONS = ("9.27",)
ATTENDANCE, RUN, LOCKS, DATABASE = "attendance", "run", "locks", "metadata.db"


def attend(folder: str | Path) -> TextIO:
    """Mark this process as working in a folder, and delete the locks of Snakemake if no living process works there.

    Call this before Snakemake takes its locks. The locks stay if the last run was started on another machine, since a
    network file system need not share kernel locks between machines, and if the file system has no kernel locks.

    Args:
        folder: Snakemake's own folder, `.snakemake`.

    Returns:
        an open file: the mark lasts until it is closed.
    """
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    file = open(folder / ATTENDANCE, "a+", encoding="utf-8")  # noqa: SIM115 - open until the process ends
    if not _knows_locks_of(folder):
        if (folder / LOCKS).is_dir():
            print(
                "This version of Snakemake, or its database of jobs, is not known to the project: its locks are left "
                "alone. If a killed run left one, run `snakemake --unlock`.",
                file=sys.stderr,
            )
        return file
    with contextlib.suppress(OSError):  # A file system without kernel locks.
        fcntl.flock(file, fcntl.LOCK_SH)
        with contextlib.suppress(BlockingIOError):  # Another process works here: Snakemake checks its lock.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _delete_stale_locks(folder / LOCKS, file)
        # An exchange of one lock for the other that fails may lose the first.
        fcntl.flock(file, fcntl.LOCK_SH)
    return file


def start(folder: str | Path) -> TextIO:
    """Claim the folder for one run.

    Args:
        folder: as in `attend`.

    Returns:
        an open file: the claim lasts until it is closed.

    Raises:
        InputError: another run is at work in the folder.
    """
    file = open(Path(folder) / RUN, "w", encoding="utf-8")  # noqa: SIM115 - open until the process ends
    with contextlib.suppress(OSError):  # A file system without kernel locks.
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError("another run is at work in this folder; wait for it, or use another folder") from None
    return file


def _knows_locks_of(folder: Path) -> bool:
    return versions.is_installed("snakemake", *VERSIONS) and not (folder / DATABASE).exists()


def _delete_stale_locks(locks: Path, attendance: TextIO) -> None:
    """Delete `locks` if this machine left them; if there are none, record this machine as the next user."""
    attendance.seek(0)
    last, here = attendance.read(), socket.gethostname()
    if not locks.is_dir() or not any(locks.iterdir()):
        attendance.truncate(0)
        attendance.write(here)
        attendance.flush()
    elif last == here:
        shutil.rmtree(locks)
