"""Measure times, in one process or in one process per core."""

import multiprocessing
import os
import queue
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from multiprocessing.context import SpawnProcess
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any

from embedding_shift.errors import InputError

REPEATS = 5


@dataclass(frozen=True)
class Row:
    """A row of `bench.csv`.

    Attributes:
        section: group of measurements.
        name: what was measured.
        value: the median of the repetitions, in `unit`.
        unit: unit of `value`.
        ratio_to: name of the row that `value` is compared with; empty without a comparison.
        ratio: `value` divided by the value of that row; None without a comparison.
    """

    section: str
    name: str
    value: float
    unit: str
    ratio_to: str = ""
    ratio: float | None = None


COLUMNS = [field.name for field in fields(Row)]


def cores() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def median_seconds(function: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the median time of a call in seconds, after one call that is not measured."""
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def parallel_seconds(
    prepare: Callable[..., Callable[[], object]], arguments: tuple[Any, ...], repeats: int = REPEATS
) -> float:
    """Return the median time of the same work in one process per core at the same time, as jobs of the pipeline run.

    Args:
        prepare: function of a module that takes `arguments` and returns the work, a function without arguments.
        arguments: arguments of `prepare`.
        repeats: number of measured calls, after one call that is not measured.

    Returns:
        The median over the repetitions of the seconds until the last process has finished.

    Raises:
        InputError: a process has failed; its traceback is on standard error.
    """
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(cores()), context.Queue()
    processes = [
        context.Process(target=_work, args=(prepare, arguments, repeats, barrier, results)) for _ in range(cores())
    ]
    for process in processes:
        process.start()
    try:
        times = [_result(results, processes) for _ in processes]
    finally:
        for process in processes:
            process.join(10)
            process.kill()
    return statistics.median(max(each) for each in zip(*times, strict=True))


def _result(results: "Queue[list[float]]", processes: Sequence[SpawnProcess]) -> list[float]:
    while True:
        try:
            return results.get(timeout=1)
        except queue.Empty:
            if any(process.exitcode for process in processes):
                raise InputError("a process of the benchmark failed; its error is above") from None


def _work(
    prepare: Callable[..., Callable[[], object]],
    arguments: tuple[Any, ...],
    repeats: int,
    barrier: Barrier,
    results: "Queue[list[float]]",
) -> None:
    """Prepare the work in a process of its own, repeat it together with the other processes, and put the times."""
    try:
        work = prepare(*arguments)
        work()
        times = []
        for _ in range(repeats):
            barrier.wait(600)
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        results.put(times)
    except BaseException:
        barrier.abort()  # Otherwise the other processes would wait for this one.
        raise
