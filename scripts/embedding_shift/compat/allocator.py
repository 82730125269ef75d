"""How a process gets its memory."""

import contextlib
import ctypes

# Numbers of glibc's mallopt().
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


def keep_freed():
    """Let this process keep what it frees, for the next picture or layer.

    Without this each large intermediate result is asked of the kernel anew, which clears it page by page: a tenth of
    the time of an encoding, a fifth of that of the metrics on pixels. Other C libraries than glibc do as they always
    do.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL("libc.so.6").mallopt
        mallopt(M_MMAP_THRESHOLD, 2**30)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
