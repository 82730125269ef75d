"""Tests of the script that measures the encoder's output in several processes."""

import os
import runpy
import signal
import sys

import numpy as np
import pytest
from pipeline import PROJECT

from embedding_shift.io import array_files
from embedding_shift.metrics import stored_views

SCRIPT = str(PROJECT / "scripts/compute_representation_metrics.py")


def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_measuring_process_that_is_killed_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(stored_views, "representation_metrics", killed)
    path = str(tmp_path / "encoded.npz")
    array_files.write(path, ["image"], embedding=np.zeros((1, 2)))
    monkeypatch.setattr(sys, "argv", [SCRIPT, "--original", path, "--augmented", path, "--output", "x"])
    with pytest.raises(SystemExit, match=r"^error: a process of the job was killed, .*; run again$"):
        runpy.run_path(SCRIPT, run_name="__main__")
