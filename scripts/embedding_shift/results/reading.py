"""Lazy access to the files of a results folder."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedding_shift.errors import InputError
from embedding_shift.io import array_files, atomic, checksums, shards, tables
from embedding_shift.results import record
from embedding_shift.results.record import RunRecord

ORIGINAL = "original"


class ByImage(NamedTuple):
    """An array with one row per image.

    Attributes:
        image_ids: (N,), sorted.
        values: (N, …).
    """

    image_ids: NDArray[np.str_]
    values: NDArray[Any]


class _WithTables(ABC):
    """Access to the tables of a folder: those on the whole run, or on one encoder and dataset."""

    @abstractmethod
    def _place(self) -> Path:
        """Return the folder."""

    @property
    def tables(self) -> list[str]:
        """Names of the tables that `table` reads, sorted."""
        return _table_names(self._place())

    def table(self, name: str) -> pd.DataFrame:
        """Return a table by its file name without `.csv`, such as `comparison` or `noise_floor`.

        Raises:
            InputError: the run has no such table.
        """
        return _csv(self._place(), name)


@dataclass(frozen=True)
class Measurements(_WithTables):
    """The results of one encoder on one dataset. Each file is read when it is first asked for.

    Attributes:
        run: the run that they belong to.
        dataset: name of the dataset.
        model: name of the encoder.
    """

    run: "Run"
    dataset: str
    model: str

    @property
    def folder(self) -> Path:
        """The folder of these results."""
        return self.run.folder / self.dataset / self.model

    def _place(self) -> Path:
        return self.folder

    @cached_property
    def summary(self) -> pd.DataFrame:
        """`augmentation, metric, n, mean, std, ci_low, ci_high`: one row per augmentation and metric."""
        return self.table("summary")

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """`image_id, augmentation, metric, value`: one row per image, augmentation and metric."""
        path = self.folder / "metrics.parquet"
        _check(path)
        return tables.read_parquet([path])

    @cached_property
    def claims(self) -> pd.DataFrame:
        """`claim, verdict, effect, ci_low, ci_high, n, reason`: one row per claim of the original paper."""
        return self.table("claims")

    @cached_property
    def pairwise_distance(self) -> pd.DataFrame:
        """Mean cosine distance (0 to 2) between the embeddings of every two augmentations, augmentation × augmentation.

        The first argument of `.loc` and `.at` is the name of an augmentation as well.
        """
        return self.table("pairwise_distance").set_index("augmentation")

    def values(self, metric: str) -> pd.DataFrame:
        """Return a metric as images (rows, sorted) × augmentations (columns, in the order of the configuration).

        A value that is not defined is NaN.

        Raises:
            InputError: the run has no such metric.
        """
        rows = self.metrics[self.metrics["metric"] == metric]
        if rows.empty:
            known = ", ".join(self.metrics["metric"].unique())
            raise InputError(f"{self.folder} has no metric {metric!r}; it has {known}")
        wide = rows.pivot(index="image_id", columns="augmentation", values="value")
        return wide[list(rows["augmentation"].unique())]

    def embeddings(self, view: str = ORIGINAL) -> ByImage:
        """Return the embeddings (N, D), float32 and not normalised, of the originals or of an augmentation."""
        return self._array("embeddings", view, "embedding")

    def attention(self, view: str = ORIGINAL) -> ByImage:
        """Return the attention to the patches (N, heads, rows, columns), float32.

        Raises:
            InputError: the encoder has no attention map, or there is no such view.
        """
        return self._array("attention", view, "attention")

    def _array(self, kind: str, view: str, name: str) -> ByImage:
        path = self.folder / kind / f"{self.run.known_view(view)}.npz"
        _exists(path)
        if not array_files.is_intact(path):
            raise InputError(f"{path} is damaged: its content does not agree with its checksum")
        arrays = array_files.read(path)
        if name not in arrays:
            raise InputError(f"the encoder {self.model!r} has no {kind}")
        return ByImage(arrays["image_id"], arrays[name])


@dataclass(frozen=True)
class Run(_WithTables):
    """A finished run.

    Attributes:
        folder: its results folder.
        record: content of run.json.
    """

    folder: Path
    record: RunRecord

    def _place(self) -> Path:
        return self.folder

    @property
    def datasets(self) -> list[str]:
        """Names of the datasets; the paper is about the first."""
        return list(self.record.configuration["datasets"])

    @property
    def models(self) -> list[str]:
        """Names of the encoders; the paper is about the first."""
        return list(self.record.configuration["models"])

    @property
    def augmentations(self) -> list[str]:
        """Names of the augmentations, in the order of all tables."""
        return list(self.record.configuration["augmentations"])

    def of(self, dataset: str | None = None, model: str | None = None) -> Measurements:
        """Return the results of an encoder on a dataset; by default, of those that the paper is about.

        Raises:
            InputError: the run has no such dataset or encoder.
        """
        return Measurements(
            self,
            _known("dataset", dataset or self.datasets[0], self.datasets),
            _known("encoder", model or self.models[0], self.models),
        )

    def manifest(self, dataset: str | None = None) -> pd.DataFrame:
        """Return `image_id, path, sha256, …`: one row per image that was used."""
        name = _known("dataset", dataset or self.datasets[0], self.datasets)
        return tables.read_csv(self.folder / name / "manifest.csv")

    def view(self, image_id: str, augmentation: str = ORIGINAL, dataset: str | None = None) -> shards.View:
        """Return a view with its pixels (height, width, 3), uint8 RGB, and the record of how it was made.

        Raises:
            InputError: there is no such image, augmentation or dataset, or its shard is missing or damaged.
        """
        _check(self.shard_of(image_id, augmentation, dataset))
        return shards.read_selected(self.shards(augmentation, dataset), [image_id])[image_id]

    def shard_of(self, image_id: str, augmentation: str = ORIGINAL, dataset: str | None = None) -> Path:
        """Return the path of the shard that holds a view."""
        paths = self.shards(augmentation, dataset)
        return paths[shards.shard_of(image_id, len(paths))]

    def shards(self, augmentation: str = ORIGINAL, dataset: str | None = None) -> list[Path]:
        """Return the paths of the shards of an augmentation, in the order of their numbers."""
        name = _known("dataset", dataset or self.datasets[0], self.datasets)
        folder = self.folder / name / "views" / self.known_view(augmentation)
        return [folder / f"{number:05d}.tar" for number in range(self.record.configuration["shards"])]

    def known_view(self, name: str) -> str:
        """Return the name of a view if the run has it.

        Raises:
            InputError: it does not.
        """
        return _known("view", name, [ORIGINAL, *self.augmentations])


def read(folder: str | PathLike[str] = "results") -> Run:
    """Open a results folder.

    Raises:
        InputError: there is no such folder, the run did not finish, or another version of this project wrote it.
    """
    return Run(Path(folder), record.read(folder))


def _table_names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.csv"))


def _csv(folder: Path, name: str) -> pd.DataFrame:
    path = folder / f"{_known('table', name, _table_names(folder))}.csv"
    return tables.read_csv(path)


def _known(kind: str, name: str, names: Sequence[str]) -> str:
    if name not in names:
        raise InputError(f"this run has no {kind} {name!r}; it has {', '.join(names)}")
    return name


def _exists(path: Path) -> None:
    if not path.is_file():
        raise InputError(f"there is no file {path}; the results folder is incomplete")


def _check(path: Path) -> None:
    """Compare a file with the checksum beside it. The readers of the pipeline would delete a damaged file."""
    _exists(path)
    expected = checksums.read(path)
    if expected is not None and atomic.sha256(path) != expected:
        raise InputError(f"{path} is damaged: its content does not agree with its checksum")
