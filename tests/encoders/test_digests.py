"""Digests that are computed while another process loads the encoder."""

import subprocess
import sys
import time

import numpy as np
import pytest
from pipeline import PROJECT

from embedding_shift import processes
from embedding_shift.encoders import digests
from embedding_shift.errors import InputError
from embedding_shift.io import shards


def pixels(*key):
    return np.random.default_rng(key).integers(0, 256, (8, 8, 3), np.uint8)


@pytest.fixture
def paths(tmp_path):
    paths = [str(tmp_path / f"{number}.tar") for number in range(3)]
    for number, path in enumerate(paths):
        shards.write(path, [shards.View(f"image{place}", pixels(number, place)) for place in range(5)])
    return paths


def test_every_view_of_every_shard_has_its_key(paths):
    expected = {
        path: [digests.of_view(pixels(number, place)) for place in range(5)] for number, path in enumerate(paths)
    }
    assert digests.of_shards(paths) == expected
    assert len({key for keys in expected.values() for key in keys}) == 15


def test_the_key_depends_on_the_shape():
    assert digests.of_view(np.zeros((2, 8, 3), np.uint8)) != digests.of_view(np.zeros((4, 4, 3), np.uint8))


def test_the_key_does_not_depend_on_the_layout_in_memory():
    image = pixels(0)
    assert digests.of_view(image[::-1]) == digests.of_view(image[::-1].copy()) != digests.of_view(image)


def test_a_shard_that_is_not_finished_when_the_result_is_waited_for_is_left_out(paths, monkeypatch):
    """The second shard counts as read halfway at that moment."""
    answers = iter([False] * 8 + [True])
    monkeypatch.setattr(processes, "is_awaited", lambda: next(answers))
    assert digests.of_shards(paths) == {paths[0]: [digests.of_view(pixels(0, place)) for place in range(5)]}


def test_a_process_learns_that_its_result_is_waited_for(tmp_path):
    with processes.meanwhile(wait_until_awaited, tmp_path / "started") as result:
        while not (tmp_path / "started").exists():
            pass
        assert result()
    assert not processes.is_awaited()


def wait_until_awaited(started):
    assert not processes.is_awaited()
    started.touch()
    end = time.monotonic() + 60
    while not processes.is_awaited():
        assert time.monotonic() < end
    return True


def test_a_process_whose_result_is_not_needed_any_more_is_told(tmp_path):
    start = time.monotonic()
    with pytest.raises(InputError, match="no bundle"), processes.meanwhile(wait_until_awaited, tmp_path / "started"):
        raise InputError("no bundle")
    assert time.monotonic() - start < 50


def test_a_damaged_shard_is_named(paths):
    with open(paths[1], "r+b") as file:
        file.write(b"x")
    with pytest.raises(InputError, match=r"1\.tar is damaged"):
        digests.of_shards(paths)


def test_pytorch_is_not_loaded():
    modules = "embedding_shift.encoders.digests, embedding_shift.encoders.options"
    code = f"import sys, {modules}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PROJECT / "scripts")
