"""Measure, in one process or in one per core, and keep what was measured."""

import multiprocessing
import os
import queue
import statistics
import time
from dataclasses import dataclass

from embedding_shift.errors import InputError

COLUMNS = ["section", "name", "value", "unit", "ratio_to", "ratio"]
REPEATS = 5


@dataclass(frozen=True)
class Row:
    """A row of `bench.csv`.

    Attributes:
        section, name: what was measured.
        value: the median, in `unit`.
        unit: what `value` is in.
        ratio_to: name of what it is compared with, or empty.
        ratio: `value` by that one's value; None without.
    """

    section: str
    name: str
    value: float
    unit: str
    ratio_to: str = ""
    ratio: float | None = None


def cores():
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def median_seconds(function, repeats=REPEATS):
    """Return the median time of a call, in seconds, after one that is not counted."""
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def side_by_side(prepare, arguments, repeats=REPEATS):
    """Run the same work in one process per core at the same time, as the pipeline runs its jobs.

    Args:
        prepare: a function of a module that takes `arguments` and returns the work, a function without any.
        arguments: tuple.
        repeats: how often the work is done after one call that is not counted.

    Returns:
        the median over repeats of the time in seconds until the last process was done.

    Raises:
        InputError: a process has failed; it has said why.
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


def _result(results, processes):
    while True:
        try:
            return results.get(timeout=1)
        except queue.Empty:
            if any(process.exitcode for process in processes):
                raise InputError("what was to be measured has failed in a process of its own, see above") from None


def _work(prepare, arguments, repeats, barrier, results):
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
        barrier.abort()  # The others are not to wait for this one.
        raise
