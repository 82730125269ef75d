"""Sentences on all metrics of a run, which hold for metrics of the user's as well."""

from collections.abc import Iterator

from embedding_shift.paper.inputs import PaperInputs
from embedding_shift.paper.latex import Macro
from embedding_shift.paper.sentences.wording import in_text, joined


def sentences(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the sentences on the directions of the metrics."""
    metrics = inputs.main.metrics()
    distances = joined([f"the {in_text(metric.label)}" for metric in metrics if not metric.higher_is_closer])
    exception = f" except {distances}" if distances else ""
    itself = f"; for {distances}, it is the value itself" if distances else ""
    yield (
        ("metric_directions_sentence",),
        f"All metrics{exception} are higher for views that are closer to the original.",
    )
    yield ("shift_by_metric_sentence",), f"The shift by a metric is one minus its value{itself}."
