"""Attention as pictures: in colours of its own, or over a view; and what the figures say about it."""

from collections.abc import Sequence

import cv2
import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from embedding_shift.metrics import representation_metrics
from embedding_shift.plots import style
from embedding_shift.plots.pictures.reading import Sample
from embedding_shift.plots.pictures.sheet import Sheet

OVERLAY_SHARE = 0.55  # of the attention's colour; the rest is the view in grey
NO_ATTENTION = "No attention map is known for this encoder: the views are shown without."


def attention_picture(attention: np.ndarray) -> np.ndarray:
    """Return attention (heads, rows, cols) in colours from lowest to highest: uint8 (224, 224, 3)."""
    return mpl.colormaps[style.SEQUENTIAL](representation_metrics.attention_map(attention), bytes=True)[..., :3]


def overlay(pixels: np.ndarray, attention: np.ndarray) -> np.ndarray:
    """Return the attention's colours over the view in grey: uint8 (size, size, 3); the view itself without heads."""
    if not attention.shape[0]:
        return pixels
    grey = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    colors = cv2.resize(attention_picture(attention), grey.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return cv2.addWeighted(colors, OVERLAY_SHARE, grey, 1 - OVERLAY_SHARE, 0)


def is_known(chosen: Sequence[Sample]) -> bool:
    """Return whether all views of the samples have an attention map."""
    return all(attention.shape[0] for sample in chosen for attention in sample.attention.values())


def with_legend(sheet: Sheet, chosen: Sequence[Sample]) -> Figure:
    """Finish a sheet with the scale of the colours, or with a sentence where the encoder has no attention map."""
    if is_known(chosen):
        sheet.color_bar("Attention within each view", "lowest", "highest")
    else:
        sheet.sentence(NO_ATTENTION)
    return sheet.finish()
