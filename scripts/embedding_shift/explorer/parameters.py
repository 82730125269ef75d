"""How views were made, as rows of a table, in the words of the figures."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from embedding_shift.plots import labels

LEFT_OUT = ("augmentation", "image_sha256", "shape")  # what the page says elsewhere
OF_MADE_VIEWS = ("steps", "draw")  # what a view that was given has not
LENGTH = ".length"
STEP = re.compile(r"steps\.(\d+)\.")

Rows = dict[str, Any]


def rows(records: Sequence[Mapping[str, Any]]) -> list[Rows]:
    """Return the values of every record by a name with dots, such as `parameters.kernel`.

    Args:
        records: of the views of one augmentation. A list whose length varies is followed by its length.
    """
    flat = [dict(_named(_told(each))) for each in records]
    lengths: dict[str, set[int]] = {}
    for record in flat:
        for name, value in record.items():
            if isinstance(value, list):
                lengths.setdefault(name, set()).add(len(value))
    varying = {name for name, found in lengths.items() if len(found) > 1}
    return [dict(_with_lengths(record, varying)) for record in flat]


def names_in_words(records: Iterable[Rows]) -> dict[str, str]:
    """Return the labels of all names in the result of `rows`."""
    return {name: in_words(name) for record in records for name in record}


def in_words(name: str) -> str:
    """Return the label of a name: `kernel length` for `parameters.kernel.length`, as in figures."""
    step = STEP.match(name)
    kind, _, own = name[step.end() if step else 0 :].partition(".")
    words = labels.drawn_parameter(own or kind) + (" (setting)" if own and kind == "arguments" else "")
    return f"step {int(step[1]) + 1}: {words}" if step else words


def _told(record: Mapping[str, Any]) -> dict[str, Any]:
    left_out = LEFT_OUT + (OF_MADE_VIEWS if "counterpart_sha256" in record else ())
    return {key: value for key, value in record.items() if key not in left_out}


def _named(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values that are not mappings, with their names."""
    prefix = f"{name}." if name else ""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _named(part, f"{prefix}{key}")
    elif isinstance(value, list) and any(isinstance(part, Mapping) for part in value):
        for place, part in enumerate(value):
            yield from _named(part, f"{prefix}{place}")
    else:
        yield name, value


def _with_lengths(record: Rows, varying: Iterable[str]) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        yield name, value
        if name in varying:
            yield name + LENGTH, len(value)
