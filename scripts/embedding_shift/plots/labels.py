"""The words and numbers in figures: labels of what the tables name by key, and means in few digits.

Metrics carry their labels in the registry, augmentations and encoders in the configuration.
"""

import math
from collections.abc import Sequence

LONGEST = 20  # characters of a label in a figure
DAMAGE = {"rmse": "RMSE", "ssim": "SSIM"}
DAMAGE_UNITS = {"rmse": "grey levels"}
REFERENCES = {
    "re-encoding": "Encoded again",
    "other_batch_size": "Another batch size",
    "other_precision": "Another precision",
    "jpeg_95": "JPEG, quality 95",
    "another_photograph": "Another photograph",
}
FLAWS = {
    "wrapped_arithmetic": "8-bit arithmetic",
    "detail_over_all_patches": "Detail over all patches",
    "new_draws": "New draws for the metrics",
    "unseeded": "Nothing seeded",
    "failures_replaced": "Failures replaced",
    "failures_skipped": "Failures skipped",
    "unregistered_geometry": "Geometry not undone",
    "aliased_resize": "No antialiasing",
    "all": "All together",
}


def damage(measure: str, level: str = "") -> str:
    """Return a measure of damage with its unit, such as `RMSE in grey levels`, or with a level: `RMSE 9.5 grey levels`.

    Args:
        measure: a key of DAMAGE.
        level: the level's number as text; without it, the label names the measure alone.
    """
    unit = DAMAGE_UNITS.get(measure, "")
    if level:
        return f"{DAMAGE[measure]} {level} {unit}".rstrip()
    return f"{DAMAGE[measure]} in {unit}" if unit else DAMAGE[measure]


def shift(label: str, is_distance: bool) -> str:
    """Return the label of a metric's shift: the distance itself, or one minus the similarity."""
    if is_distance:
        return label
    return f"1 − {label}" if label.isupper() else f"1 − {label[:1].lower()}{label[1:]}"


def drawn_parameter(name: str) -> str:
    """Return the label of a drawn number, which starts to count at 1: `matrix entry 2, 1` for `matrix.1.0`.

    Args:
        name: a name as in `equivariance.csv`, such as `max_height`, `kernel.length` or `scale.x`.
    """
    parts = name.replace("_", " ").split(".")
    places = ", ".join(str(int(part) + 1) for part in parts if part.isdecimal())
    words = " ".join(part for part in parts if not part.isdecimal())
    return f"{words} entry {places}" if places else words


def shortened(names: Sequence[str], longest: int = LONGEST) -> list[str]:
    """Return labels of at most `longest` characters, which differ wherever the given ones do.

    A longer label keeps its beginning or, where another one has the same beginning, its beginning and its end; a label
    that is still not the only one of its form stays whole.
    """
    beginnings = [_cut(name, longest, 0) for name in names]
    both = [_cut(name, longest, longest // 2 - 1) for name in names]
    found = [b if beginnings.count(a) > 1 else a for a, b in zip(beginnings, both, strict=True)]
    return [name if found.count(short) > 1 else short for name, short in zip(names, found, strict=True)]


def _cut(name: str, longest: int, end: int) -> str:
    """Return a name with an ellipsis in place of what is too long, before the last `end` characters."""
    if len(name) <= longest:
        return name
    return f"{name[: longest - end - 1].rstrip(' ,;:')}…{name[len(name) - end :].lstrip()}"


def mean_text(value: float) -> str:
    """Return a mean for a figure: three decimals up to 1, then three digits; two significant digits below 0.01.

    NaN and infinity become a dash.
    """
    if not math.isfinite(value):
        return "–"
    if 0 < abs(value) < 0.01:
        return f"{value:.2g}"
    decimals = 3 if abs(value) <= 1 else 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:.{decimals}f}"


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: `1 image`, `24 images`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
