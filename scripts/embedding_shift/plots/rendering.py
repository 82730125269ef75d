"""Draw a figure of the table and write it."""

import importlib
from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from embedding_shift.io import tables
from embedding_shift.io.values_by_metric import LongTable
from embedding_shift.plots import figure_metadata, style
from embedding_shift.plots.figure_arguments import INPUTS
from embedding_shift.plots.figures import FIGURES

READERS: dict[str, Callable[[str | PathLike[str]], Any]] = {
    "csv": tables.read_csv,
    "parquet": LongTable,
    "augmentations": style.read_augmentations,
    "path": Path,
}


def render(
    name: str,
    inputs: Mapping[str, str | PathLike[str]],
    options: Mapping[str, Any],
    page: style.Page,
    outputs: Iterable[str | PathLike[str]],
    code: Iterable[str | PathLike[str]] = (),
) -> None:
    """Draw a figure in the style of the project and write it.

    Args:
        name: key of FIGURES.
        inputs: paths of the figure's inputs.
        options: values of the figure's options.
        page: size and text of the figure.
        outputs: files to write, see `style.save`.
        code: the source files that draw it, for the metadata.

    Raises:
        InputError: the font is not installed.
    """
    style.apply(page)
    read = {key: READERS[INPUTS[key].form](path) for key, path in inputs.items()}
    module = importlib.import_module(FIGURES[name].module_path)
    figure = module.draw(**read, **options)
    if figure.get_layout_engine():  # otherwise the figure is laid out by hand, and has its height
        figure.set_figheight(figure.get_figheight() * style.text_scale())
    style.save(figure, outputs, figure_metadata.source(name, inputs, {**options, **page._asdict()}, code))
