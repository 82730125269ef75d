"""The registry of metrics: one entry gives a metric its name, its label and its place everywhere."""

from collections.abc import Callable
from dataclasses import dataclass

REGISTRY = {}
KINDS = ("embedding", "attention", "pixels", "registered_pixels", "registered_attention")


@dataclass(frozen=True)
class Metric:
    """A number for an original and an augmented view of the same image.

    Attributes:
        name: as in the tables.
        label: as in figures and the paper.
        kind: one of KINDS: what its function takes of the original, then of the view; the registered kinds also
            take what the geometry leaves to compare.
        function: returns a float per image; NaN where the metric is not defined.
        higher_is_closer: whether a larger value means a smaller change.
        in_overview: whether the overview figures show it.
        unregistered: of a registered kind, the name of the metric that it equals where no pixel moves.
    """

    name: str
    label: str
    kind: str
    function: Callable
    higher_is_closer: bool = True
    in_overview: bool = True
    unregistered: str | None = None


def register(name, label, kind, **options):
    """Decorator: enter a function in the registry."""

    def enter(function):
        REGISTRY[name] = Metric(name, label, kind, function, **options)
        return function

    return enter


def of_kind(kind):
    """Return the metrics of one kind, in order of registration."""
    return [metric for metric in REGISTRY.values() if metric.kind == kind]


def in_order():
    """Return all metrics in the order of tables and figures: those of each kind together, in the order of KINDS."""
    return [metric for kind in KINDS for metric in of_kind(kind)]
