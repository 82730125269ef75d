"""Call a function in several processes at a time, or in one beside this one."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from embedding_shift.errors import InputError

Result = TypeVar("Result")


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
    with _killed_reported(), ProcessPoolExecutor(1) as pool:
        yield pool.submit(function, *arguments).result


@contextlib.contextmanager
def _killed_reported() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool:
        raise InputError("a process of the job was killed, perhaps because memory ran out; run again") from None
