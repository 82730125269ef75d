"""The registry of metrics: one entry gives a metric its name, its label and its place in tables and figures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

REGISTRY: dict[str, "Metric"] = {}
KINDS = ("embedding", "attention", "pixels", "registered_pixels", "registered_attention")

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Metric:
    """A number for the original and an augmented view of the same image.

    Attributes:
        name: name in the tables.
        label: name in figures and in the paper.
        kind: one of KINDS. It says what the function takes of the original and then of the view: all embeddings (N, D),
            all attention maps (N, heads, rows, cols), or the pixels of one image (size, size, 3). A function of a
            registered kind takes one image, and its third argument says what the geometry leaves to compare.
        function: returns a float per image; NaN if the metric is not defined.
        higher_is_closer: whether a larger value means a smaller change.
        in_overview: whether the overview figures show the metric.
        unregistered: for a registered kind, the name of the metric that has the same value if no pixel moves.
    """

    name: str
    label: str
    kind: str
    function: Callable[..., Any]
    higher_is_closer: bool = True
    in_overview: bool = True
    unregistered: str = ""


def register(name: str, label: str, kind: str, **options: Any) -> Callable[[Function], Function]:
    """Decorator: enter a function in the registry.

    Args:
        name, label, kind: see `Metric`.
        options: further attributes of `Metric`.

    Example:
        >>> import numpy as np
        >>> @register("mean_change", "Mean change", "pixels", higher_is_closer=False)
        ... def mean_change(original, augmented):
        ...     return float(np.mean(augmented) - np.mean(original))
        >>> black, white = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)
        >>> of_kind("pixels")[-1].function(black, white)
        255.0
    """

    def enter(function: Function) -> Function:
        REGISTRY[name] = Metric(name, label, kind, function, **options)
        return function

    return enter


def of_kind(kind: str) -> list[Metric]:
    """Return the metrics of one kind, in the order of their registration."""
    return [metric for metric in REGISTRY.values() if metric.kind == kind]


def in_order() -> list[Metric]:
    """Return all metrics in the order of tables and figures: by kind as in KINDS, then by registration."""
    return [metric for kind in KINDS for metric in of_kind(kind)]
