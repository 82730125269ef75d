"""What a process has used, by the kernel's own account."""

import re
import resource
import sys
import time
from pathlib import Path

from embedding_shift.io import atomic


def write(path):
    """Write the seconds since the process loaded `files`, peak memory in MB, and seconds of processors, as a TSV file.

    Its columns are named as in the benchmark files that Snakemake writes of a job. For them it looks at the job's
    memory twice a second, which costs a process as large as an encoder's a twentieth of a processor; the kernel knows
    the peak anyway.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    row = {
        "s": time.time() - atomic.STARTED,
        "max_rss": _peak_memory(used),
        "cpu_time": used.ru_utime + used.ru_stime,
    }
    atomic.write_text(path, "\t".join(row) + "\n" + "\t".join(f"{value:.4f}" for value in row.values()) + "\n")


def _peak_memory(used):
    """Return the peak memory in MB; the resource usage alone may be that of the process which started this one."""
    try:
        return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 2**10
    except (OSError, TypeError):
        return used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
