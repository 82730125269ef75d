"""Tests of reading several shards side by side: threads and processes read the same."""

import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from pipeline import PROJECT

from embedding_shift.encoders import digests, view_reading
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
        found[chunk.name] += zip(chunk.image_ids, chunk.keys, chunk.pixels.copy(), strict=True)
    for name, path in paths.items():
        views = list(shards.read(path))
        assert [image_id for image_id, _, _ in found[name]] == [view.image_id for view in views]
        for (_, _, pixels), view in zip(found[name], views, strict=True):
            np.testing.assert_array_equal(pixels, view.pixels)
    keys = [key for views in found.values() for _, key, _ in views]
    assert len(set(keys)) == 60


@KINDS
def test_the_pixels_of_a_chunk_stay_until_the_next_one_is_taken(paths, in_processes, monkeypatch):
    """There are many more chunks than slots, and the readers could read all of them while the first is looked at."""
    monkeypatch.setattr(view_reading, "VIEWS_IN_CHUNK", 1)
    expected = {name: list(shards.read(path)) for name, path in paths.items()}
    count = 0
    for chunk in view_reading.read(lists(paths), 2, in_processes):
        time.sleep(0.02 if count < 5 else 0)
        (view,) = (view for view in expected[chunk.name] if view.image_id == chunk.image_ids[0])
        np.testing.assert_array_equal(chunk.pixels, view.pixels[np.newaxis])
        count += 1
    assert count == 60


KILLED = """
import time
from embedding_shift.encoders import digests, view_reading
view_reading.VIEWS_IN_CHUNK, view_reading.SECONDS_TO_WAIT = 1, 0.1
if __name__ == "__main__":
    chunks = view_reading.read({{"shard": ["{path}"]}}, 1, in_processes=True)
    next(chunks)
    print("reading", flush=True)
    time.sleep(60)
"""


@pytest.mark.slow
def test_readers_end_when_the_job_is_killed(paths):
    code = KILLED.format(path=paths["shard2"])
    job = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=PROJECT / "scripts")
    assert job.stdout.readline() == "reading\n"
    readers = psutil.Process(job.pid).children(recursive=True)
    assert readers
    job.kill()
    job.wait()
    _, alive = psutil.wait_procs(readers, timeout=20)
    assert not alive


def test_a_gpu_has_several_readers_however_few_cores_a_job_has(paths):
    chunks = iter(view_reading.read(lists(paths), 1, in_processes=True))
    assert [next(chunks).name, next(chunks).name] == ["shard1", "shard2"]


@KINDS
def test_keys_that_are_known_are_not_computed_again(paths, in_processes, monkeypatch):
    known = digests.of_shards([str(paths["shard2"])])
    expected = {}
    for chunk in view_reading.read(lists(paths), 2, in_processes):
        expected.setdefault(chunk.name, []).extend(chunk.keys)
    assert known == {str(paths["shard2"]): expected["shard2"]}
    monkeypatch.setattr(digests, "of_view", lambda pixels: b"computed")
    found = {}
    for chunk in view_reading.read(lists(paths), 2, in_processes, known):
        found.setdefault(chunk.name, []).extend(chunk.keys)
    assert found == {"shard1": [b"computed"] * 20, "shard2": expected["shard2"]}


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
