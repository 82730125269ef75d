"""One run in a folder at a time, and no run held up by one that was killed.

The kernel gives a file's lock back when the process that holds it ends, however it ends; a lock that is a file, such
as Snakemake's, stays behind when its owner is killed.
"""

import fcntl
import shutil
import socket
from pathlib import Path

from embedding_shift.errors import InputError

ATTENDANCE, RUN = "attendance", "run"


def attend(folder):
    """Mark this process as being at work in a folder, and delete Snakemake's locks where no living process does.

    That is to be called before the process takes any of these locks. They stay when the last run was started on
    another machine, since a network folder need not carry locks from one machine to the other; or when the folder
    knows no locks.

    Args:
        folder: Snakemake's own, `.snakemake`.

    Returns:
        what has to be kept for as long as the mark is to stay.
    """
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    file = open(folder / ATTENDANCE, "a+", encoding="utf-8")  # noqa: SIM115 - open until the process ends
    try:
        fcntl.flock(file, fcntl.LOCK_SH)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _delete_stale_locks(folder / "locks", file)
        except BlockingIOError:
            pass  # Others are at work here; whose lock it is, Snakemake finds out.
        # A failed exchange of one lock for the other may lose the first.
        fcntl.flock(file, fcntl.LOCK_SH)
    except OSError:
        pass  # A file system without locks.
    return file


def start(folder):
    """Claim the folder for one run.

    Snakemake looks for a lock before it writes its own; two runs that start in the same instant both find none.

    Args:
        folder: as in `attend`.

    Returns:
        what has to be kept for as long as the run lasts.

    Raises:
        InputError: another run is at work here.
    """
    file = open(Path(folder) / RUN, "w", encoding="utf-8")  # noqa: SIM115 - open until the process ends
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError("another run is at work in this folder; wait for its end, or take another folder") from None
    except OSError:
        pass  # A file system without locks.
    return file


def _delete_stale_locks(locks, attendance):
    """Delete the folder `locks` if this machine left it; if there is none, note down this machine as the next user."""
    attendance.seek(0)
    last, here = attendance.read(), socket.gethostname()
    if not locks.is_dir() or not any(locks.iterdir()):
        attendance.truncate(0)
        attendance.write(here)
        attendance.flush()
    elif last == here:
        shutil.rmtree(locks)
