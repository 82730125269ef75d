"""Functions that are called in other processes."""

import os
import signal

import pytest

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
