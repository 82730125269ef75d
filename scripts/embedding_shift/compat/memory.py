"""Let a process keep the memory that it frees, because it asks for the same amounts again in every batch or view.

Reason: glibc gives freed memory back to the operating system at once where it is large or belongs to a thread. A tower
then gets most memory of its layers anew, page by page, which takes a twentieth of the encoding time on a processor; a
job that makes views gets that of their pixels and noise, which takes a twentieth of its time as well.

Written for: `mallopt` of glibc, with the options of its malloc.h.

Fallback: nothing changes where the C library has no `mallopt`.
"""

import ctypes

# Options of mallopt. Without the last one, the memory of a thread is given back as soon as all of it is free.
TRIM_THRESHOLD, MMAP_THRESHOLD, TOP_PAD = -1, -3, -2
LARGE = 2**30
# The size of glibc's units of memory for threads.
UNIT = 2**26


def keep_freed() -> bool:
    """From now on, let this process reuse memory that it frees; return whether the C library does so."""
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # TypeError: on Windows, a library needs a name.
        return False
    options = {TRIM_THRESHOLD: LARGE, MMAP_THRESHOLD: LARGE, TOP_PAD: UNIT}
    return all([set_option(option, value) == 1 for option, value in options.items()])
