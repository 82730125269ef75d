"""The shift of every augmentation against what no change looks like, and what another photograph does."""

import matplotlib.pyplot as plt
import numpy as np

from embedding_shift.plots import style

LABELS = {
    "re-encoding": "encoded again",
    "other_batch_size": "another batch size",
    "other_precision": "another precision",
    "jpeg_95": "JPEG, quality 95",
    "another_photograph": "another photograph",
}
METRIC = "cosine_similarity"
ROUNDING = 1e-12  # what double precision leaves of 1 − cosine where two embeddings are the same


def noise_floor(floor, summary, augmentations, confidence):
    """Draw 1 − mean cosine similarity of every augmentation on a logarithmic scale, with the references as lines.

    Args:
        floor: data frame of `noise_floor.csv`.
        summary: data frame of `summary.csv`.
        augmentations: their labels and colours.
        confidence: coverage of the intervals.
    """
    references = {row.reference: 1 - row.mean for row in floor[floor["metric"] == METRIC].itertuples()}
    rows = summary[summary["metric"] == METRIC].set_index("augmentation")
    shown = [augmentation for augmentation in augmentations if augmentation.name in rows.index]
    distances = [1 - rows.loc[augmentation.name, "mean"] for augmentation in shown]
    visible = [value for value in [*references.values(), *distances] if value > ROUNDING]
    if not visible:
        return style.note("Nothing changes the embedding.")
    figure, axes = plt.subplots(figsize=(style.TEXT_WIDTH, 1.5 + 0.22 * len(shown)))
    low, high = min(visible) / 3, max(visible) * 3
    axes.set_xscale("log")
    for place, (augmentation, distance) in enumerate(zip(shown, distances, strict=True)):
        bounds = 1 - rows.loc[augmentation.name, ["ci_high", "ci_low"]].to_numpy(dtype=np.float64)
        axes.hlines(place, *np.clip(bounds, low, high), color=augmentation.color, linewidth=2)
        axes.plot(max(distance, low), place, "o", color=augmentation.color, markersize=5)
    for level, (name, distance) in enumerate(references.items()):
        drawn = distance > ROUNDING
        position = distance if drawn else low
        if drawn:
            axes.axvline(position, color=style.GREY, linestyle="--", linewidth=0.8, zorder=0)
        text = LABELS[name] if drawn else f"{LABELS[name]}: identical"
        axes.annotate(
            text,
            (position, 1),
            (2, 3 + 9 * level),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            fontsize=6.5,
            color=style.GREY,
        )
    axes.set_yticks(range(len(shown)), [augmentation.label for augmentation in shown])
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlim(low, high)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"1 − mean cosine similarity to the original ({100 * confidence:g} % bootstrap interval)")
    return figure
