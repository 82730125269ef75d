"""What every script's command line shares: one-line errors instead of tracebacks, and common options."""

import argparse
import errno
import os
import sys

from embedding_shift.errors import InputError

UNWRITABLE = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than the limit for this user",
    errno.EROFS: "the file system is read-only",
}


def parser(description):
    """Return an argument parser that shows `description` and the defaults in its `--help`."""
    return argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)


def run(main):
    """Call `main()` and end the process, with one line on standard error where the input or the disk is at fault."""
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
    sys.stdout.flush()
    sys.stderr.flush()
    # All files are written by now. Taking PyTorch and its like apart in the usual way costs up to a second.
    os._exit(0)
