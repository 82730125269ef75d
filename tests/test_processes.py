"""Functions that are called in other processes."""

import os
import signal
import subprocess
import sys
import time

import pytest
from pipeline import PROJECT

from embedding_shift import processes
from embedding_shift.errors import InputError


def killed():
    os.kill(os.getpid(), signal.SIGKILL)


def refused():
    raise InputError("the file is empty")


def test_a_function_runs_in_another_process_meanwhile():
    with processes.meanwhile(os.getpid) as result:
        here = os.getpid()
    assert result() != here


def test_the_error_of_a_function_that_runs_meanwhile_is_raised():
    with pytest.raises(InputError, match="the file is empty"), processes.meanwhile(refused) as result:
        result()


def test_a_process_that_is_killed_meanwhile_is_told():
    with pytest.raises(InputError, match="a process of the job was killed"), processes.meanwhile(killed) as result:
        result()


WAITING = """
import os, sys, time
from embedding_shift import processes

def wait(seconds):
    os.write(sys.stdout.fileno(), b"begun\\n")  # in one piece, because several processes write
    time.sleep(seconds)

if {meanwhile}:
    with processes.meanwhile(wait, 600):
        time.sleep(600)
else:
    processes.call(wait, [(600,)] * 3, 3)
"""


@pytest.mark.parametrize("meanwhile", [True, False])
def test_processes_end_when_their_parent_is_killed(meanwhile):
    """They hold its output open, so that its end shows that they ended."""
    code = WAITING.format(meanwhile=meanwhile)
    job = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=PROJECT / "scripts")
    assert job.stdout.readline() == "begun\n"
    job.kill()
    start = time.monotonic()
    job.communicate(timeout=30)
    assert time.monotonic() - start < 20
