"""The registry of read-outs. A read-out turns what was captured inside an encoder into the rows of a table.

To add one, write a module in mechanism/readouts/ with one registered function. The name of the module is the name of
the table; the workflow finds it there.
"""

import importlib
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from embedding_shift.mechanism.captured_views import CapturedViews
from embedding_shift.statistics import bootstrap

PACKAGE = "embedding_shift.mechanism.readouts"


class Settings(NamedTuple):
    """The settings of read-outs.

    Attributes:
        precision: the precision in which the encoder computed.
        neighbours: number of nearest neighbours, k.
        bootstrap: how intervals are computed; its root seed is that of all random draws.
    """

    precision: str
    neighbours: int
    bootstrap: bootstrap.Settings


Row = Mapping[str, Any]
Function = Callable[[CapturedViews, Settings], Iterator[Row]]


class ReadOut(NamedTuple):
    """A registered function and the columns of its table."""

    columns: tuple[str, ...]
    function: Function


REGISTRY: dict[str, ReadOut] = {}


def register(*columns: str) -> Callable[[Function], Function]:
    """Register the decorated function as the read-out that its module is named after.

    Args:
        columns: columns of the table. The function yields rows with these keys. A value that is not defined is the
            reason in words (see `defined`), so that no table holds NaN.
    """

    def decorate(function: Function) -> Function:
        REGISTRY[function.__module__.rpartition(".")[2]] = ReadOut(columns, function)
        return function

    return decorate


def find(name: str) -> ReadOut:
    """Return a read-out by name; its module is imported if it has not been registered yet."""
    if name not in REGISTRY:
        importlib.import_module(f"{PACKAGE}.{name}")
    return REGISTRY[name]


def defined(value: float, reason: str = "undefined") -> float | str:
    """Return a finite value as it is, and the reason in place of NaN or infinity."""
    return float(value) if math.isfinite(value) else reason
