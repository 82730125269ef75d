"""A process that keeps freed memory does not get the same memory anew, and other C libraries are left alone."""

import ctypes
import subprocess
import sys

import pytest
from pipeline import PROJECT

from embedding_shift.compat import memory

MB, TIMES = 200, 10
# Fill and free arrays of 2 MB in a thread, as an encoder does, and count the pages that the operating system supplies.
PROGRAM = f"""
import resource, sys, threading
import numpy as np
from embedding_shift.compat import memory

kept = memory.keep_freed() if sys.argv[1] == "keep" else True

def fill():
    for _ in range({TIMES}):
        arrays = [np.ones(2**18) for _ in range({MB} // 2)]
        del arrays

before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
thread = threading.Thread(target=fill)
thread.start()
thread.join()
pages = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(int(kept), pages * resource.getpagesize() / 2**20)
"""


def supplied_mb(mode):
    """Return whether freed memory is kept, and the MB that the operating system supplied."""
    command = [sys.executable, "-c", PROGRAM, mode]
    environment = {"PYTHONPATH": str(PROJECT / "scripts")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    kept, megabytes = done.stdout.split()
    return kept == "1", float(megabytes)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library has no mallopt")
def test_memory_is_supplied_once():
    kept, megabytes = supplied_mb("keep")
    assert kept
    assert megabytes < 2 * MB
    assert supplied_mb("default")[1] > 3 * MB, "nothing was compared"


@pytest.mark.parametrize("error", [OSError, AttributeError, TypeError])
def test_other_c_libraries_are_left_alone(monkeypatch, error):
    def load(name):
        raise error

    monkeypatch.setattr(memory.ctypes, "CDLL", load)
    assert memory.keep_freed() is False
