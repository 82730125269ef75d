"""Batches: their size within a memory limit, reading ahead, and collecting outputs."""

import threading
import time

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from embedding_shift.encoders import batching


class Tower(torch.nn.Module):
    """A tower whose largest output is known: `width` channels of 16×16 in float32."""

    def __init__(self, width, device="meta"):
        super().__init__()
        self.stem = torch.nn.Conv2d(3, width, 4, 4, device=device)
        self.head = torch.nn.Conv2d(width, 2, 1, device=device)

    def forward(self, pixels):
        return self.head(self.stem(pixels)).mean((2, 3))


def test_the_largest_layer_is_found():
    assert batching.largest_output(Tower(64, "cpu"), (64, 64)) == 64 * 16 * 16 * 4


@given(width=st.integers(1, 4000), memory=st.integers(500, 100_000))
def test_a_batch_fits_the_memory_and_is_a_power_of_two(width, memory):
    tower = Tower(width)
    size = batching.automatic_size(tower, (64, 64), memory)
    assert 1 <= size <= batching.LARGEST_BATCH and size & (size - 1) == 0
    weights_mb = sum(parameter.nbytes for parameter in tower.parameters()) / 2**20
    view_mb = batching.BATCHES_ON_GPU * batching.LAYERS_AT_ONCE * width / 2**10
    assert size == 1 or weights_mb + size * view_mb <= memory
    larger = weights_mb + 2 * size * view_mb
    assert size == batching.LARGEST_BATCH or larger > memory


def test_on_a_processor_a_batch_fits_the_cache():
    assert batching.automatic_size(Tower(1024, "cpu"), (64, 64), 100_000) == batching.CACHED_MB
    assert batching.automatic_size(Tower(1024, "cpu"), (64, 64), 500) == 1


def test_batches_hold_all_items_in_order():
    assert list(batching.batches(range(7), 3, list)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(batching.batches([], 3, list)) == []


def test_items_are_read_ahead():
    made = threading.Event()

    def items():
        yield 1
        made.set()
        yield 2

    found = []
    for item in batching.interleaved([items()], ahead=1):
        found.append(item)
        assert item == 2 or made.wait(10)
    assert found == [1, 2]


def test_iterators_are_read_in_turn():
    lanes = [iter("abc"), iter(""), iter("d"), iter("efgh")]
    assert "".join(batching.interleaved(lanes, ahead=2)) == "adebfcgh"


def test_a_failure_while_reading_ahead_is_raised():
    def items():
        yield 1
        raise ValueError("the second is broken")

    ahead = batching.interleaved([items()])
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="the second is broken"):
        next(ahead)


def test_reading_ahead_ends_with_its_use():
    before = threading.active_count()
    ahead = batching.interleaved([iter(range(1000)), iter(range(1000))], ahead=1)
    next(ahead)
    ahead.close()
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before


@pytest.mark.parametrize("workers", [1, 3])
def test_results_of_several_workers_keep_their_order(workers):
    running, most = [], []

    def square(number):
        running.append(number)
        most.append(len(running))
        time.sleep(0.01 * (number % 3))
        running.remove(number)
        return number**2

    assert list(batching.in_parallel(square, range(20), workers)) == [number**2 for number in range(20)]
    assert max(most) == workers


def test_a_failure_of_a_worker_is_raised():
    with pytest.raises(ZeroDivisionError):
        list(batching.in_parallel(lambda number: 1 / number, [1, 0, 2], 2))


@pytest.fixture
def no_pauses(monkeypatch):
    monkeypatch.setattr(batching, "PAUSES", (0, 0, 0))


def test_a_batch_that_the_memory_does_not_hold_is_computed_again_alone(no_pauses):
    at_work, failed, with_others = [], set(), []

    def function(item):
        at_work.append(item)
        try:
            time.sleep(0.001)
            if item % 5 == 0 and item not in failed:
                failed.add(item)
                raise torch.OutOfMemoryError("no memory")
            if item in failed:
                with_others.append(len(at_work) > 1)
            return 10 * item
        finally:
            at_work.remove(item)

    assert list(batching.in_parallel(batching.repeated(function, 3), range(20), 3)) == list(range(0, 200, 10))
    assert with_others == [False] * 4


def test_a_batch_that_the_memory_never_holds_is_given_up(no_pauses):
    calls = []

    def function(item):
        calls.append(item)
        raise torch.OutOfMemoryError("no memory")

    with pytest.raises(torch.OutOfMemoryError):
        batching.repeated(function, 2)(1)
    assert len(calls) == 1 + len(batching.PAUSES)


@given(lengths=st.lists(st.integers(0, 900), min_size=1, max_size=12))
def test_rows_keep_their_order(lengths):
    generator = np.random.default_rng(0)
    parts = [generator.random((length, 2, 3)).astype(np.float32) for length in lengths]
    rows = batching.Rows()
    for part in parts:
        rows.add(part)
        part[:] = np.nan  # Rows are copied.
    generator = np.random.default_rng(0)
    expected = np.concatenate([generator.random((length, 2, 3)).astype(np.float32) for length in lengths])
    assert rows.array.dtype == np.float32
    np.testing.assert_array_equal(rows.array, expected)
