"""Draw a figure of the table and write it."""

import importlib
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from embedding_shift.io import tables
from embedding_shift.plots import style
from embedding_shift.plots.figures import FIGURES, INPUTS

READERS: dict[str, Callable[[str | PathLike[str]], Any]] = {
    "csv": pd.read_csv,
    "parquet": lambda path: tables.read_parquet([path]),
    "augmentations": style.read_augmentations,
    "path": Path,
}


def render(
    name: str,
    inputs: Mapping[str, str | PathLike[str]],
    options: Mapping[str, Any],
    pdf: str | PathLike[str],
    png: str | PathLike[str],
) -> None:
    """Draw a figure in the style of the project and write it as PDF and as PNG.

    Args:
        name: key of FIGURES.
        inputs: paths of the figure's inputs.
        options: values of the figure's options.
        pdf: PDF to write.
        png: PNG to write, at 200 dots per inch.
    """
    style.apply()
    read = {key: READERS[INPUTS[key].form](path) for key, path in inputs.items()}
    module = importlib.import_module(FIGURES[name].module_path)
    style.save(module.draw(**read, **options), pdf, png)
