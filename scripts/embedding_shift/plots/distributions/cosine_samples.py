"""Cosine similarity of single images under every augmentation."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import FuncNorm
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from embedding_shift import sampling
from embedding_shift.io.values_by_metric import Values
from embedding_shift.plots import style

MOST_LABELS = 40
LONGEST_LABEL = 16
TICKS = (1, 0.99, 0.95, 0.9, 0.8, 0.5, 0, -0.5)
SMALLEST_GAP = 0.09  # between two ticks, of the length of the colour bar


def draw(metrics: Values, augmentations: Sequence[style.Augmentation], samples: int) -> Figure:
    """Draw augmentations × sampled images, coloured by cosine similarity.

    Args:
        metrics: the values of every metric.
        augmentations: in the order of the rows.
        samples: number of images to sample; all of them where there are fewer.
    """
    table = metrics["cosine_similarity"] if "cosine_similarity" in metrics else pd.DataFrame()
    image_ids = sampling.select(table.index, samples)
    if not image_ids:
        return style.note("Cosine similarity is not defined for any image.")
    values = table.reindex(index=image_ids, columns=[a.name for a in augmentations]).to_numpy(dtype=np.float64).T
    figure, axes = plt.subplots(figsize=(style.text_width(), max(2.1, 1.0 + 0.2 * len(augmentations))))
    lowest = min(0.9, float(np.nanmin(values)))
    norm = FuncNorm((_stretch, _unstretch), vmin=lowest, vmax=1)
    axes.set_facecolor(style.LIGHT_GREY)  # shows where a value is not defined
    image = axes.imshow(np.minimum(values, 1), norm=norm, aspect="auto")
    axes.set_yticks(range(len(augmentations)), [augmentation.label for augmentation in augmentations])
    labelled = len(image_ids) <= MOST_LABELS and max(map(len, image_ids)) <= LONGEST_LABEL
    axes.set_xticks(range(len(image_ids)) if labelled else [], image_ids if labelled else [], rotation=90)
    axes.set_xlabel("Image" if labelled else f"{len(image_ids)} images, sorted by id")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axes, pad=0.015, label="Cosine similarity\n(root scale)")
    ticks = _ticks(norm)
    bar.set_ticks(ticks, labels=[f"{tick:.2g}" for tick in ticks])
    bar.ax.minorticks_off()
    bar.outline.set_visible(False)
    return figure


def _ticks(norm: FuncNorm) -> list[float]:
    """Return the ends of a colour scale and those of TICKS that keep clear of each other and of the lower end."""
    assert norm.vmin is not None
    shown: list[float] = []
    for tick in TICKS:
        gap = (norm(shown[-1]) - norm(tick)) if shown else 1
        if tick > norm.vmin and min(gap, norm(tick)) > SMALLEST_GAP:
            shown.append(tick)
    return [*shown, norm.vmin]


def _stretch(similarity: ArrayLike) -> np.ndarray:
    """Spread the similarities near 1, where most of them lie, over the colours."""
    return -np.sqrt(np.clip(1 - np.asarray(similarity), 0, None))


def _unstretch(value: ArrayLike) -> np.ndarray:
    """Invert `_stretch`."""
    return 1 - np.square(value)
