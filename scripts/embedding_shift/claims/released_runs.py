"""Compose runs as the original paper's released scripts would make them, from the measured views of the study.

Flaws:
    wrapped_arithmetic: the patch metric subtracts and squares in 8 bits.
    detail_over_all_patches: detail preservation skips patches without texture but divides by the number of all patches.
    new_draws: pixels and attention are compared on another draw than the one that was embedded.
    unseeded: everything comes from another draw.
    failures_replaced: some views are replaced by the unaugmented image.
    failures_skipped: an image that fails is skipped, after the augmentations before the failure were added to the sums;
        the sums are still divided by the number of all images.
    unregistered_geometry: moved pixels are compared with what was there before they moved.
    aliased_resize: images are resized without an antialiasing filter.
    all: these together. If the run itself resizes with a filter, the other draws have no aliased form, and
        `aliased_resize` is left out.

Each flaw is compared with the same numbers without it: `unregistered_geometry` and `all` with the registered metrics,
the others with the metrics as the original paper defines them; `aliased_resize` and `all` with filtered images.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedding_shift.claims.judging import Embeddings
from embedding_shift.metrics import registry
from embedding_shift.statistics import bootstrap
from embedding_shift.study.tables import metric_names
from embedding_shift.study.variants import variant_names

SINGLE_FLAWS = (
    "wrapped_arithmetic",
    "detail_over_all_patches",
    "new_draws",
    "unseeded",
    "failures_replaced",
    "failures_skipped",
    "unregistered_geometry",
    "aliased_resize",
)
FLAWS = (*SINGLE_FLAWS, "all")
NEED_DRAWS = ("new_draws", "unseeded")
RANDOM_FLAWS = (*NEED_DRAWS, "all")  # any of many runs may come out of them
AGAINST_REGISTERED = ("unregistered_geometry", "all")
AGAINST_FILTERED = ("aliased_resize", "all")
REGISTERED = "_registered"
PATCH, DETAIL = "patch_similarity", "detail_preservation"
VALUE = ["image_id", "augmentation", "metric", "value"]


class Run(NamedTuple):
    """A run: its long table, and its embeddings by augmentation. Runs with one name have the same embeddings."""

    table: pd.DataFrame
    embeddings: Mapping[str, Embeddings]
    name: str


@dataclass(frozen=True)
class Runs:
    """The measured views, from which runs with and without a flaw are composed.

    Attributes:
        study: the study table (see `study.long_tables`).
        embeddings: by augmentation, for every draw; the main draw comes first.
        resized_otherwise: the embeddings of the images that are resized by the other method, by augmentation.
        original: the embeddings of the originals.
        textured: {image id: share of the patches of detail preservation that have a texture}, 0 to 1.
        filtered: whether the run itself resizes with an antialiasing filter.
        failure_share: share of views that `failures_replaced` replaces, and of images that `failures_skipped` skips.
        root_seed: seed of the run.
    """

    study: pd.DataFrame
    embeddings: Sequence[Mapping[str, Embeddings]]
    resized_otherwise: Mapping[str, Embeddings]
    original: Embeddings
    textured: Mapping[str, float]
    filtered: bool
    failure_share: float
    root_seed: int

    @property
    def augmentations(self) -> list[str]:
        """Names of the augmentations, in the order of the configuration."""
        return list(self.embeddings[0])

    @property
    def draws(self) -> int:
        """Number of draws."""
        return len(self.embeddings)

    def flaws(self) -> list[str]:
        """Return the flaws that these views can show; some flaws need a second draw."""
        return [flaw for flaw in FLAWS if self.draws > 1 or flaw not in NEED_DRAWS]

    def corrected(self, flaw: str) -> Run:
        """Return the run of the main draw with a flaw corrected."""
        otherwise = flaw in AGAINST_FILTERED and not self.filtered
        table = self._of(variant_names.OTHER_RESIZE if otherwise else variant_names.MAIN)
        if flaw in AGAINST_REGISTERED:
            registered = table[table["metric"].str.endswith(REGISTERED)]
            registered = registered.assign(metric=registered["metric"].str.removesuffix(REGISTERED))
            table = pd.concat([table[~table["metric"].isin(registered["metric"])], registered])
        if otherwise:
            return Run(_plain(table), self.resized_otherwise, "resized otherwise")
        return Run(_plain(table), self.embeddings[0], "main")

    def as_released(self, flaw: str, draw: int = 0) -> Run:
        """Return the run of one draw as the released scripts make it with this flaw, apart from mixing draws."""
        active = SINGLE_FLAWS if flaw == "all" else (flaw,)
        variant = variant_names.MAIN if draw == 0 else variant_names.draw_name(draw)
        table, embeddings, name = self._of(variant), self.embeddings[draw], "main" if draw == 0 else f"draw {draw}"
        if flaw == "aliased_resize" and self.filtered:
            table, embeddings = self._of(variant_names.OTHER_RESIZE), self.resized_otherwise
            name = "resized otherwise"
        if "wrapped_arithmetic" in active:
            table = table[table["metric"] != PATCH].replace({"metric": {metric_names.AS_RELEASED: PATCH}})
        if "detail_over_all_patches" in active:
            share = table["image_id"].map(self.textured).where(table["metric"] == DETAIL, 1.0)
            table = table.assign(value=table["value"] * share)
        table = _plain(table)
        if "failures_replaced" in active:
            unchanged = table["metric"].map(lambda metric: 1.0 if registry.REGISTRY[metric].higher_is_closer else 0.0)
            table = table.assign(value=table["value"].where(~self._in(self._replaced, table), unchanged))
            embeddings, name = self._with_replaced(embeddings), f"{name}, replaced"
        if "failures_skipped" in active:
            # A sum that lacks a value, divided by the number of all images, is the mean with a zero in its place.
            table = table.assign(value=table["value"].where(~self._in(self._skipped, table), 0.0))
        return Run(table, embeddings, name)

    def mixed(self, flaw: str, count: int) -> Iterator[Run]:
        """Yield runs that may come out of a flaw of RANDOM_FLAWS: each view has another draw at random.

        Args:
            flaw: name of the flaw.
            count: number of the runs.
        """
        runs = [self.as_released(flaw, draw) for draw in range(self.draws)]
        table = pd.concat([run.table.assign(draw=draw) for draw, run in enumerate(runs)])
        images, names = pd.Index(self.original[0]), pd.Index(self.augmentations)
        places = images.get_indexer(pd.Index(table["image_id"])), names.get_indexer(pd.Index(table["augmentation"]))
        of_embedding = table["metric"].isin([metric.name for metric in registry.of_kind("embedding")])
        arrays = {name: np.stack([run.embeddings[name][1] for run in runs]) for name in names}
        for number in range(count):
            generator = np.random.default_rng(bootstrap.seed_of(self.root_seed, "other run", number))
            cells = len(images), len(names)
            embedded = np.zeros(cells, dtype=int) if flaw == "new_draws" else generator.integers(1, self.draws, cells)
            # With new draws, pixels and attention come from another draw than the embedded one.
            further = 0 if flaw == "unseeded" else generator.integers(1, self.draws, cells)
            compared = (embedded + further) % self.draws
            wanted = np.where(of_embedding, embedded[places], compared[places])
            embeddings = {
                name: (self.original[0], arrays[name][embedded[:, place], range(len(images))])
                for place, name in enumerate(names)
            }
            name = runs[0].name if flaw == "new_draws" else f"{flaw} {number}"
            yield Run(table.loc[(table["draw"] == wanted).to_numpy(), VALUE], embeddings, name)

    def _of(self, variant: str) -> pd.DataFrame:
        known = self.study["metric"].isin(list(registry.REGISTRY)) & np.isfinite(self.study["value"])
        return self.study[(self.study["variant"] == variant) & known]

    @cached_property
    def _replaced(self) -> set[tuple[str, str]]:
        """The views (augmentation, image id) with the smallest hashes: at least one, unless the share is 0."""
        views = [(name, image_id) for name in self.augmentations for image_id in self.original[0]]
        views.sort(key=lambda view: bootstrap.seed_of(self.root_seed, "failure", *view))
        return set(views[: self._failures(len(views))])

    @cached_property
    def _skipped(self) -> set[tuple[str, str]]:
        """The views of images that fail from the augmentation of the failure on; the first never is."""
        images = sorted(self.original[0], key=lambda image_id: bootstrap.seed_of(self.root_seed, "skipped", image_id))
        skipped = set()
        for image_id in images[: self._failures(len(images))]:
            later = len(self.augmentations) - 1
            first = 1 + bootstrap.seed_of(self.root_seed, "skipped from", image_id) % max(1, later)
            skipped |= {(name, image_id) for name in self.augmentations[first:]}
        return skipped

    def _failures(self, total: int) -> int:
        return max(1, round(self.failure_share * total)) if self.failure_share else 0

    def _in(self, views: set[tuple[str, str]], table: pd.DataFrame) -> NDArray[np.bool_]:
        found = [view in views for view in zip(table["augmentation"], table["image_id"], strict=True)]
        return np.array(found, dtype=bool)

    def _with_replaced(self, embeddings: Mapping[str, Embeddings]) -> dict[str, Embeddings]:
        replaced = {}
        for name, (image_ids, array) in embeddings.items():
            rows = np.array([(name, image_id) in self._replaced for image_id in image_ids], dtype=bool)
            replaced[name] = image_ids, np.where(rows[:, np.newaxis], self.original[1], array)
        return replaced


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out the registered metrics and the 8-bit patch metric, which only serve to replace other metrics."""
    helpers = table["metric"].str.endswith(REGISTERED) | (table["metric"] == metric_names.AS_RELEASED)
    return table.loc[~helpers, VALUE]
