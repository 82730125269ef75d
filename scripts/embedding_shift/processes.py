"""Call a function in several processes at a time."""

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from embedding_shift.errors import InputError


def call(function: Callable[..., None], jobs: Iterable[tuple[Any, ...]], processes: int) -> None:
    """Call a function with the arguments of every job, in `processes` processes.

    Raises:
        InputError: a process was killed.
    """
    try:
        with ProcessPoolExecutor(processes) as pool:
            list(pool.map(function, *zip(*jobs, strict=True)))
    except BrokenProcessPool:
        raise InputError("a process that measures was killed, perhaps because memory ran out; run again") from None
