"""Call a function in several processes at a time, or in one beside this one."""

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Event
from typing import Any, TypeVar

from embedding_shift.errors import InputError

Result = TypeVar("Result")

_awaited: list[Event] = []  # in a process that `meanwhile` starts


def call(function: Callable[..., Result], jobs: Iterable[tuple[Any, ...]], processes: int) -> list[Result]:
    """Call a function with the arguments of every job, in `processes` processes, and return the results in that order.

    Raises:
        InputError: a process was killed.
    """
    return list(results(function, jobs, processes))


def results(
    function: Callable[..., Result], jobs: Iterable[tuple[Any, ...]], processes: int
) -> Generator[Result, None, None]:
    """Yield the results of `call`, each as soon as it and those before it are there. `close` cancels the rest.

    Raises:
        InputError: as `call`.
    """
    with _killed_reported(), _pool(processes) as pool:
        yield from pool.map(function, *zip(*jobs, strict=True))


@contextlib.contextmanager
def meanwhile(function: Callable[..., Result], *arguments: Any) -> Iterator[Callable[[], Result]]:
    """Call a function in another process during this context; yield a function that waits for its result.

    Raises:
        InputError: the process was killed.
    """
    awaited = multiprocessing.Event()
    with _killed_reported(), _pool(1, [awaited]) as pool:
        called = pool.submit(function, *arguments)

        def result() -> Result:
            awaited.set()
            return called.result()

        try:
            yield result
        finally:
            awaited.set()


def is_awaited() -> bool:
    """Return whether this process was started by `meanwhile`, and its result is waited for or not needed any more."""
    return any(event.is_set() for event in _awaited)


def _pool(processes: int, awaited: Sequence[Event] = ()) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, initializer=_begin, initargs=(awaited,))


def _begin(awaited: Sequence[Event]) -> None:
    """Begin a process of a pool.

    It ends when its parent was killed. It would otherwise wait for work forever and keep the parent's output open, for
    whose end Snakemake waits.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end_with_parent() -> None:
        parent.join()
        os._exit(1)

    _awaited.extend(awaited)
    threading.Thread(target=end_with_parent, daemon=True).start()


@contextlib.contextmanager
def _killed_reported() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool:
        raise InputError("a process of the job was killed, perhaps because memory ran out; run again") from None
