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
        higher_is_closer: whether a larger value means a smaller change. For an unchanged image, a metric that is
            higher for closer views (a similarity) is 1, and any other (a distance) is 0.
        in_overview: whether the overview figures show the metric.
        unregistered: for a registered kind, the name of the metric that has the same value if no pixel moves.
        formula: the metric in LaTeX's mathematics, for the paper; o is the original, and a the view. A registered
            metric has the formula of the unregistered one.
        sentence: what the metric measures, one English sentence for the paper, in LaTeX.
    """

    name: str
    label: str
    kind: str
    function: Callable[..., Any]
    higher_is_closer: bool = True
    in_overview: bool = True
    unregistered: str = ""
    formula: str = ""
    sentence: str = ""

    @property
    def direction(self) -> str:
        """What a higher value means: `closer` to the original, or `farther` from it."""
        return "closer" if self.higher_is_closer else "farther"


def register(name: str, label: str, kind: str, **options: Any) -> Callable[[Function], Function]:
    r"""Decorator: enter a function in the registry.

    Args:
        name, label, kind: see `Metric`.
        options: further attributes of `Metric`.

    Example:
        >>> import numpy as np
        >>> @register("mean_change", "Mean change", "pixels", higher_is_closer=False, formula=r"\bar a-\bar o")
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
