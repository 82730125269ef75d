"""Whatever is written appears whole or not at all, and what stood in the way is said; one run at a time."""

import os
import re
import resource
import signal
from contextlib import contextmanager
from multiprocessing import get_context

import faulty_runs
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from faulty_runs import needs_mount
from pipeline import PROJECT

from embedding_shift import cli
from embedding_shift.encoders import bundles
from embedding_shift.io import array_files, atomic, shards, tables
from embedding_shift.plots import style

LIMIT = 50_000
LARGE = 200_000


def write_figure(folder):
    figure, axes = plt.subplots()
    axes.plot(np.random.default_rng(0).random(LARGE // 10))
    style.save(figure, [folder / "figure.pdf", folder / "figure.png"])


WRITERS = {
    "views.tar": lambda folder: shards.write(
        folder / "views.tar", [shards.View("a", np.zeros((300, 300, 3), np.uint8))]
    ),
    "encoded.npz": lambda folder: array_files.write(folder / "encoded.npz", ["a"], embedding=np.zeros((1, LARGE))),
    "table.parquet": lambda folder: tables.write_parquet(
        folder / "table.parquet", pd.DataFrame({"value": np.random.default_rng(0).random(LARGE)})
    ),
    "table.csv": lambda folder: tables.write_csv(folder / "table.csv", pd.DataFrame({"value": np.zeros(LARGE)})),
    "rows.csv": lambda folder: tables.write_rows(folder / "rows.csv", ["a"], [{"a": "x" * LARGE}]),
    "text.tex": lambda folder: atomic.write_text(folder / "text.tex", "x" * LARGE),
    "figure.pdf": write_figure,
    "open_clip_model.safetensors": lambda folder: bundles.write(folder, {}, {"weights": torch.zeros(LARGE)}, {}),
}


@contextmanager
def full_disk(folder):
    with faulty_runs.mounted(folder, "-o", f"size={LIMIT}"):
        yield


@contextmanager
def read_only(folder):
    with faulty_runs.mounted(folder, "-o", "ro"):
        yield


@contextmanager
def quota(_):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(full_disk, "the disk is full", marks=needs_mount),
        pytest.param(read_only, "the file system is read-only", marks=needs_mount),
        (quota, "the file would be larger than the limit for this user"),
    ],
)
def test_a_writer_that_is_stopped_says_by_what_and_leaves_nothing(tmp_path, name, fault, words):
    with fault(tmp_path):
        with pytest.raises(SystemExit) as end:
            cli.run(lambda: WRITERS[name](tmp_path))
        assert list(tmp_path.iterdir()) == []
    assert re.fullmatch(rf"error: cannot write .*{re.escape(name)}: {words}", end.value.code)


def write_and_be_killed(path):
    with atomic.whole(path) as temporary:
        temporary.write_text("half")
        os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_job_left_is_cleared_by_the_next(tmp_path):
    path = tmp_path / "table.csv"
    process = get_context("fork").Process(target=write_and_be_killed, args=[path])
    process.start()
    process.join()
    (leftover,) = tmp_path.iterdir()
    assert leftover != path
    young = leftover.with_name(f".01234567.{path.name}")  # Of a job that may still be at work.
    other = leftover.with_name(f"{leftover.name}.sha256")
    for one in (young, other):
        one.touch()
    os.utime(leftover, (0, 0))
    atomic.write_text(path, "whole")
    assert sorted(tmp_path.iterdir()) == sorted([path, young, other])
    assert path.read_text() == "whole"


def test_every_test_that_the_page_on_faults_names_is_there():
    named = set(re.findall(r"`(\w+/(?:\w+/)?test_\w+\.py)(?:::(\w+))?`", (PROJECT / "docs/faults.md").read_text()))
    assert len(named) > 20
    for file, name in named:
        assert f" {name}(" in (text := (PROJECT / "tests" / file).read_text()) or f"class {name}:" in text or not name
