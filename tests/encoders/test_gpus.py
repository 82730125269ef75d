"""Tests of sharing GPUs, with device files that stand for GPUs; the locks are real."""

import pytest

from embedding_shift.encoders import gpus


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.delenv(gpus.VISIBLE, raising=False)
    return monkeypatch


def test_the_gpus_are_those_with_a_device_file(tmp_path):
    for name in ("nvidia0", "nvidia10", "nvidia2", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    assert gpus.visible(tmp_path) == ["0", "2", "10"]
    assert gpus.visible(tmp_path / "none") == []


@pytest.mark.parametrize(("value", "expected"), [("1,3", ["1", "3"]), ("", []), ("-1", []), ("GPU-5c9", ["GPU-5c9"])])
def test_the_environment_limits_them(environment, value, expected):
    environment.setenv(gpus.VISIBLE, value)
    assert gpus.visible() == expected


def test_each_job_gets_a_gpu_of_its_own(environment, tmp_path):
    claims, got = [], []
    for _ in range(2):
        claims.append(gpus.claim(["0", "GPU-a/b"], tmp_path))
        got.append(gpus.visible())
    assert got == [["0"], ["GPU-a/b"]]
    environment.setenv(gpus.VISIBLE, "all")
    assert gpus.claim(["0", "GPU-a/b"], tmp_path) is None
    assert gpus.visible() == ["all"]
    claims[0].close()
    assert gpus.claim(["0", "GPU-a/b"], tmp_path)
    assert gpus.visible() == ["0"]


def test_a_gpu_that_the_environment_names_is_there(environment):
    environment.setenv(gpus.VISIBLE, "0")
    assert not gpus.is_missing()
