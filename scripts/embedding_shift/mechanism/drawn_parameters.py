"""The numbers that an augmentation drew for every image, from the records of its views."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedding_shift.mechanism.tower import FloatArray
from embedding_shift.views.view_record import ViewRecord

MOST_NUMBERS = 64  # of a list; longer ones are data and not parameters
OF_BOXES = "bbox"  # albumentations draws some parameters again for boxes, which images do not have
SAME = 0.999  # correlation from which two parameters say the same


def of_records(records: Sequence[str] | NDArray[np.str_]) -> dict[str, FloatArray]:
    """Return the drawn numbers by name, (N,) each: those that every image has and that vary.

    Of parameters that say the same, the one that is nested the least is kept, such as an angle before the entries of a
    matrix. A list whose length varies counts by its length.

    Args:
        records: N records of views as JSON.
    """
    drawn = [dict(_of_record(ViewRecord.from_json(json.loads(record)))) for record in records]
    shared = [name for name in (drawn[0] if drawn else {}) if all(name in numbers for numbers in drawn)]
    kept: dict[str, FloatArray] = {}
    for name in sorted(shared, key=lambda name: name.count(".")):
        values = np.array([numbers[name] for numbers in drawn], np.float64)
        if np.ptp(values) > 0 and not any(abs(np.corrcoef(values, other)[0, 1]) > SAME for other in kept.values()):
            kept[name] = values
    return kept


def _of_record(record: ViewRecord) -> Iterator[tuple[str, float]]:
    for step in record.steps:
        prefix = f"{step.transform}." if len(record.steps) > 1 else ""
        for name, value in step.parameters.items():
            if name != "seed" and not name.startswith(OF_BOXES):
                yield from _numbers(f"{prefix}{name}", value)


def _numbers(name: str, value: Any) -> Iterator[tuple[str, float]]:
    """Yield the numbers in a value, named by their place in it."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _numbers(f"{name}.{key}", part)
    elif isinstance(value, list):
        yield f"{name}.length", float(len(value))
        for place, part in enumerate(value[:MOST_NUMBERS]):
            yield from _numbers(f"{name}.{place}", part)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield name, float(value)
