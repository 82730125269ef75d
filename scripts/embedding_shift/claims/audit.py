"""Repeat the known flaws of the original paper's released scripts, one at a time and together, on the same images.

Flaws:
    wrapped_arithmetic: the patch metric subtracts and squares in 8 bits.
    new_draws: pixels and attention are compared on another draw than the one that was embedded.
    unseeded: everything comes from another draw.
    failures_replaced: some views are replaced by the unaugmented image.
    unregistered_geometry: moved pixels are compared with what was there before they moved.
    all: these together.

Each flaw is compared with the same numbers without it: `unregistered_geometry` and `all` with the registered metrics,
the others with the metrics as the original paper defines them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from embedding_shift.claims import verdicts as claims
from embedding_shift.claims.judgement import Judgement
from embedding_shift.claims.published_claims import PublishedClaims
from embedding_shift.claims.verdicts import Embeddings
from embedding_shift.metrics import registry
from embedding_shift.statistics import bootstrap, paired_tests, rank_correlation
from embedding_shift.study import metric_names, variant_names

COLUMNS = ["flaw", "augmentation", "metric", "as_released", "corrected"]
RANK_COLUMNS = ["flaw", "metric", "kendall_tau", "rank_changes"]
CLAIM_COLUMNS = ["flaw", "claim", "corrected", "as_released"]
SINGLE_FLAWS = ("wrapped_arithmetic", "new_draws", "unseeded", "failures_replaced", "unregistered_geometry")
FLAWS = (*SINGLE_FLAWS, "all")
NEED_DRAWS = ("new_draws", "unseeded")
AGAINST_REGISTERED = ("unregistered_geometry", "all")
REGISTERED = "_registered"
KEYS = ["image_id", "augmentation"]

Run = tuple[pd.DataFrame, dict[str, Embeddings]]  # the long table, and the embeddings by augmentation


@dataclass(frozen=True)
class Runs:
    """The measured views, from which the audit composes runs with and without a flaw.

    Attributes:
        study: the study table of `study_metrics`.
        embeddings: by augmentation, for every draw; the main draw comes first.
        original: the embeddings of the originals.
        failure_share: share of views that `failures_replaced` replaces, 0 to 1.
        root_seed: seed of the run.
    """

    study: pd.DataFrame
    embeddings: Sequence[dict[str, Embeddings]]
    original: Embeddings
    failure_share: float
    root_seed: int

    def flaws(self) -> list[str]:
        """Return the flaws that these views can show; some flaws need a second draw."""
        return [flaw for flaw in FLAWS if len(self.embeddings) > 1 or flaw not in NEED_DRAWS]

    def corrected(self, flaw: str) -> Run:
        """Return the run of the main draw with a flaw corrected."""
        table = self._draw(0)
        if flaw in AGAINST_REGISTERED:
            registered = table[table["metric"].str.endswith(REGISTERED)]
            registered = registered.assign(metric=registered["metric"].str.removesuffix(REGISTERED))
            table = pd.concat([table[~table["metric"].isin(registered["metric"])], registered])
        return _plain(table), self.embeddings[0]

    def as_released(self, flaw: str) -> Run:
        """Return the run as the released scripts make it with this flaw."""
        active = SINGLE_FLAWS if flaw == "all" else (flaw,)
        draws = len(self.embeddings)
        embedded = 1 % draws if "unseeded" in active else 0
        compared = (embedded + 1) % draws if "new_draws" in active else embedded
        of_embedding = [metric.name for metric in registry.of_kind("embedding")]
        embedding_rows, other_rows = self._draw(embedded), self._draw(compared)
        table = pd.concat(
            [
                embedding_rows[embedding_rows["metric"].isin(of_embedding)],
                other_rows[~other_rows["metric"].isin(of_embedding)],
            ]
        )
        if "wrapped_arithmetic" in active:
            table = table[table["metric"] != "patch_similarity"]
            table = table.replace({"metric": {metric_names.AS_RELEASED: "patch_similarity"}})
        table, embeddings = _plain(table), self.embeddings[embedded]
        return self._with_failures(table, embeddings) if "failures_replaced" in active else (table, embeddings)

    def _draw(self, draw: int) -> pd.DataFrame:
        variant = variant_names.MAIN if draw == 0 else variant_names.draw_name(draw)
        known = self.study["metric"].isin(list(registry.REGISTRY)) & np.isfinite(self.study["value"])
        return self.study[(self.study["variant"] == variant) & known]

    def _with_failures(self, table: pd.DataFrame, embeddings: dict[str, Embeddings]) -> Run:
        """Replace the views with the smallest hashes by the unaugmented image: at least one, unless the share is 0."""
        views = [(name, image_id) for name, (image_ids, _) in embeddings.items() for image_id in image_ids]
        views.sort(key=lambda view: bootstrap.seed_of(self.root_seed, "failure", *view))
        count = max(1, round(self.failure_share * len(views))) if self.failure_share else 0
        failed = set(views[:count])
        hit = [view in failed for view in zip(table["augmentation"], table["image_id"], strict=True)]
        unchanged = table["metric"].map(lambda name: 1.0 if registry.REGISTRY[name].higher_is_closer else 0.0)
        table = table.assign(value=table["value"].where(~np.array(hit, dtype=bool), unchanged))
        replaced = {}
        for name, (image_ids, array) in embeddings.items():
            rows = np.array([(name, image_id) in failed for image_id in image_ids], dtype=bool)
            replaced[name] = image_ids, np.where(rows[:, np.newaxis], self.original[1], array)
        return table, replaced


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out the registered metrics and the 8-bit patch metric, which only serve to replace other metrics."""
    helpers = table["metric"].str.endswith(REGISTERED) | (table["metric"] == metric_names.AS_RELEASED)
    return table.loc[~helpers, [*KEYS, "metric", "value"]]


def table(runs: Runs) -> pd.DataFrame:
    """Return the means that each flaw can change, with the flaw and without it, over the same images.

    Returns:
        data frame with COLUMNS.
    """
    augmentations = list(runs.embeddings[0])
    places = {metric.name: place for place, metric in enumerate(registry.in_order())}
    frames = []
    for flaw in runs.flaws():
        as_released, corrected = runs.as_released(flaw)[0], runs.corrected(flaw)[0]
        pairs = as_released.merge(corrected, on=[*KEYS, "metric"], suffixes=("_as_released", "_corrected"))
        pairs = pairs[pairs["metric"].isin(_touched(flaw))].rename(columns=lambda name: name.removeprefix("value_"))
        means = pairs.groupby(["augmentation", "metric"])[["as_released", "corrected"]].mean().reset_index()
        means = means.assign(
            flaw=flaw, place=means["augmentation"].map(augmentations.index), order=means["metric"].map(places)
        )
        frames.append(means.sort_values(["place", "order"])[COLUMNS])
    return pd.concat(frames, ignore_index=True)


def _touched(flaw: str) -> list[str]:
    """Return the metrics that a flaw can change."""
    if flaw == "wrapped_arithmetic":
        return ["patch_similarity"]
    names = [metric.name for metric in registry.in_order()]
    if flaw == "unregistered_geometry":
        return [name for name in names if name + REGISTERED in names]
    if flaw == "new_draws":
        return [name for name in names if registry.REGISTRY[name].kind != "embedding"]
    return names


def ranks(means: pd.DataFrame) -> pd.DataFrame:
    """Return what each flaw does to the order of the augmentations.

    Args:
        means: the result of `table`.

    Returns:
        data frame with RANK_COLUMNS. `kendall_tau` is τb between the means as released and the corrected means: 1
        where the order does not change, 0 where all means of one side tie. `rank_changes` is the number of
        augmentations whose rank changes.
    """
    rows = []
    for (flaw, name), group in means.groupby(["flaw", "metric"], sort=False):
        if len(group) < 2:
            continue
        metric = str(name)
        as_released, corrected = group["as_released"].to_numpy(), group["corrected"].to_numpy()
        tau = rank_correlation.kendall_tau_b(as_released, corrected)
        moved = paired_tests.shift_ranks(as_released, metric) != paired_tests.shift_ranks(corrected, metric)
        rows.append((flaw, metric, tau if np.isfinite(tau) else 0.0, int(moved.sum())))
    return pd.DataFrame(rows, columns=RANK_COLUMNS)


def verdicts(runs: Runs, published: PublishedClaims, resamples: int, confidence: float) -> pd.DataFrame:
    """Return the verdict on every published claim with each flaw and without it.

    Args:
        runs: the measured views.
        published: the claims.
        resamples, confidence: as in `bootstrap.Settings`.

    Returns:
        data frame with CLAIM_COLUMNS.
    """

    def judged(run: Run) -> dict[str, Judgement]:
        return claims.judge(published, claims.Evidence(*run, resamples, confidence, runs.root_seed))

    rows = []
    corrected: dict[bool, dict[str, Judgement]] = {}
    for flaw in runs.flaws():
        registered = flaw in AGAINST_REGISTERED
        if registered not in corrected:
            corrected[registered] = judged(runs.corrected(flaw))
        before, after = corrected[registered], judged(runs.as_released(flaw))
        rows += [(flaw, name, before[name].verdict, after[name].verdict) for name in before]
    return pd.DataFrame(rows, columns=CLAIM_COLUMNS)
