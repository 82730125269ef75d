"""The command line that all scripts share: help with defaults, and one-line errors instead of tracebacks."""

import argparse
import contextlib
import errno
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence

from embedding_shift.errors import InputError
from embedding_shift.errors import warn as warn

# Scripts import this module before OpenCV, whose matrix products have other last digits on several threads. Snakemake
# sets the variable to the number of threads of a job.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

# Importing makes many objects that stay. Python would search all of them for unreachable ones again and again, which
# takes a seventh of the start of a job, so it waits for more new objects until `run`.
SEARCH_THRESHOLDS = gc.get_threshold()
IMPORTING_THRESHOLD = 200_000
gc.set_threshold(IMPORTING_THRESHOLD)

UNWRITABLE = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than the limit for this user",
    errno.EROFS: "the file system is read-only",
}


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return an argument parser whose `--help` shows `description` and the default of every option."""
    return argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)


def grouped(paths: Sequence[str], groups: int) -> list[Sequence[str]]:
    """Return the paths that an option lists in so many groups of one size, in their order.

    Raises:
        InputError: the paths cannot be divided like this.
    """
    size, rest = divmod(len(paths), groups)
    if rest or not size:
        raise InputError(f"{len(paths)} files cannot be divided into {groups} groups of one size")
    return [paths[start : start + size] for start in range(0, len(paths), size)]


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """Within this context, at the start of `main`, imports are as fast as those of the script."""
    gc.set_threshold(IMPORTING_THRESHOLD)
    yield
    _search_new_objects_only()


def _search_new_objects_only() -> None:
    gc.freeze()
    gc.set_threshold(*SEARCH_THRESHOLDS)


def run(main: Callable[[], None]) -> None:
    """Call `main()`. If the input or the disk is at fault, exit with one line on standard error and status 1."""
    _search_new_objects_only()
    try:
        main()
    except InputError as error:
        sys.exit(f"error: {error}")
    except PermissionError as error:
        sys.exit(f"error: no permission for {error.filename}")
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        sys.exit(f"error: cannot write {error.filename or 'the output'}: {UNWRITABLE[error.errno]}")
    # At exit, Python searches all objects for cycles: up to a second with PyTorch loaded. Nothing is left to collect.
    gc.freeze()
