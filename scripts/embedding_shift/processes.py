"""Call a function in several processes at a time, or in one beside this one."""

import contextlib
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
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
    with _killed_reported(), ProcessPoolExecutor(processes) as pool:
        return list(pool.map(function, *zip(*jobs, strict=True)))


@contextlib.contextmanager
def meanwhile(function: Callable[..., Result], *arguments: Any) -> Iterator[Callable[[], Result]]:
    """Call a function in another process during this context; yield a function that waits for its result.

    Raises:
        InputError: the process was killed.
    """
    context = multiprocessing.get_context()
    awaited = context.Event()
    with _killed_reported(), ProcessPoolExecutor(1, context, _awaited.append, (awaited,)) as pool:
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


@contextlib.contextmanager
def _killed_reported() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool:
        raise InputError("a process of the job was killed, perhaps because memory ran out; run again") from None
