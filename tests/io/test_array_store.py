"""Tests of the store of computed arrays."""

import hashlib
import resource

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_shift.io.array_store import Store


def key(name):
    return hashlib.sha256(str(name).encode()).digest()[:16]


def arrays(number):
    return {"embedding": np.full(5, number, np.float32), "attention": np.full((2, 3, 3), number, np.float32)}


def add(store, numbers):
    """Add the arrays of several numbers at once."""
    together = [arrays(number) for number in numbers]
    store.add(
        [key(number) for number in numbers], {name: np.stack([one[name] for one in together]) for name in arrays(0)}
    )


def filled(folder, numbers):
    store = Store(folder)
    numbers = list(numbers)
    for some in (numbers[:2], numbers[2:]):
        if some:
            add(store, some)
    store.flush()
    return store


def get(store, number):
    return store.find([key(number)])[0]


def assert_stored(store, number):
    found = get(store, number)
    assert found.keys() == arrays(number).keys()
    for name, array in arrays(number).items():
        np.testing.assert_array_equal(found[name], array)


def test_what_several_jobs_stored_is_found(tmp_path):
    filled(tmp_path, range(7))
    filled(tmp_path, range(5, 20))
    store = Store(tmp_path)
    for number in range(20):
        assert_stored(store, number)
    assert store.find([key("other"), key(19), key(0)])[0] is None
    assert [found is None for found in store.find([key(3), key("other"), key(0)])] == [False, True, False]
    assert store.find([]) == []


def test_arrays_without_elements_are_stored(tmp_path):
    """As of an encoder without attention maps."""
    store = Store(tmp_path)
    store.add([key(0)], {"embedding": np.ones((1, 5), np.float32), "attention": np.zeros((1, 0, 0, 0), np.float32)})
    store.flush()
    found = get(Store(tmp_path), 0)
    assert found["attention"].shape == (0, 0, 0)
    np.testing.assert_array_equal(found["embedding"], np.ones(5))


def test_an_empty_store_has_no_folder(tmp_path):
    store = filled(tmp_path / "store", [])
    assert get(store, 0) is None
    assert not (tmp_path / "store").exists()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_row_counts_as_missing(tmp_path_factory, data):
    """Whatever byte changes, no row gives other arrays than those stored under its key."""
    folder = tmp_path_factory.mktemp("store")
    filled(folder, range(3))
    file = data.draw(st.sampled_from(sorted(folder.iterdir(), key=lambda path: path.suffix)))
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content[: data.draw(st.none() | st.integers(0, len(content)))])
    store = Store(folder)
    for number in range(3):
        if get(store, number) is not None:
            assert_stored(store, number)


@pytest.mark.parametrize("suffix", [".npy", ".keys"])
def test_a_missing_or_foreign_file_counts_as_missing(tmp_path, suffix, capsys):
    filled(tmp_path, range(2))
    filled(tmp_path, range(2, 4))
    file = sorted(tmp_path.glob(f"*{suffix}"))[0]
    file.write_bytes(b"something else")
    store = Store(tmp_path)
    assert sum(get(store, number) is not None for number in range(4)) == 2
    assert ("damaged" in capsys.readouterr().err) == (suffix == ".npy")


def test_a_store_that_cannot_be_written_is_reported_once(tmp_path, capsys):
    (tmp_path / "store").write_text("a file where the folder should be")
    store = Store(tmp_path / "store")
    for number in range(2):
        add(store, [number])
        store.flush()
    assert capsys.readouterr().err.count("keeps nothing more") == 1


def test_a_full_disk_ends_the_store_and_nothing_else(tmp_path, capsys):
    filled(tmp_path, range(2))
    store = Store(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        add(store, [2])
        store.flush()
        add(store, [3])
        store.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert capsys.readouterr().err.count("keeps nothing more: File too large") == 1
    assert len(list(tmp_path.iterdir())) == 2  # the segment from before, without anything beside it
    assert [get(Store(tmp_path), number) is not None for number in range(4)] == [True, True, False, False]
