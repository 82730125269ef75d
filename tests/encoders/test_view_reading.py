"""Tests of reading several shards side by side: threads and processes read the same."""

import numpy as np
import psutil
import pytest

from embedding_shift.encoders import view_reading
from embedding_shift.errors import InputError
from embedding_shift.io import shards

KINDS = pytest.mark.parametrize("in_processes", [False, True])


@pytest.fixture
def paths(tmp_path):
    """Shards of 0, 20 and 40 views, the last of two sizes."""
    found = {}
    for number in range(3):
        path = found[f"shard{number}"] = tmp_path / f"{number}.tar"
        generator = np.random.default_rng(number)
        sizes = [8] * 20 * number if number < 2 else [8] * 19 + [9] * 21
        pixels = [generator.integers(0, 256, (size, size, 3), np.uint8) for size in sizes]
        shards.write(path, [shards.View(f"image{place}", each) for place, each in enumerate(pixels)])
    return found


def lists(paths):
    return {name: [path] for name, path in paths.items()}


@KINDS
@pytest.mark.parametrize("readers", [1, 2, 5])
def test_all_views_are_read(paths, readers, in_processes):
    found = {name: [] for name in paths}
    for chunk in view_reading.read(lists(paths), readers, in_processes):
        assert len(chunk.keys) == len(chunk.image_ids) <= view_reading.VIEWS_IN_CHUNK
        found[chunk.name] += zip(chunk.image_ids, chunk.keys, chunk.pixels, strict=True)
    for name, path in paths.items():
        views = list(shards.read(path))
        assert [image_id for image_id, _, _ in found[name]] == [view.image_id for view in views]
        for (_, _, pixels), view in zip(found[name], views, strict=True):
            np.testing.assert_array_equal(pixels, view.pixels)
    keys = [key for views in found.values() for _, key, _ in views]
    assert len(set(keys)) == 60


def test_a_gpu_has_several_readers_however_few_cores_a_job_has(paths):
    chunks = iter(view_reading.read(lists(paths), 1, in_processes=True))
    assert [next(chunks).name, next(chunks).name] == ["shard1", "shard2"]


def test_the_key_depends_on_the_shape():
    assert view_reading._key(np.zeros((2, 8, 3), np.uint8)) != view_reading._key(np.zeros((4, 4, 3), np.uint8))


@KINDS
def test_a_damaged_shard_is_named(paths, in_processes):
    path = paths["shard1"]
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError) as caught:
        list(view_reading.read(lists(paths), 2, in_processes))
    assert str(caught.value).startswith(f"{path} is damaged") and "Traceback" not in str(caught.value)


def test_a_reader_that_is_killed_is_told(paths, monkeypatch):
    monkeypatch.setattr(view_reading, "VIEWS_IN_CHUNK", 1)  # so that it is far from its end
    before = psutil.Process().children()
    chunks = view_reading.read({"shard": [paths["shard2"]]}, 1, in_processes=True)
    next(chunks)
    started = [child for child in psutil.Process().children() if child not in before]
    (reader,) = (child for child in started if "resource_tracker" not in " ".join(child.cmdline()))
    reader.kill()
    with pytest.raises(InputError, match="a process that reads views was killed"):
        list(chunks)
