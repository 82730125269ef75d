"""Repeat the known flaws of the seed paper's released scripts, one at a time and together, on the same images.

Flaws:
    wrapped_arithmetic: the patch metric subtracts and squares in 8 bits.
    new_draws: pixels and attention are compared on another draw than the one that was embedded.
    unseeded: everything comes from another draw.
    failures_replaced: some views are replaced by the unaugmented image.
    unregistered_geometry: moved pixels are compared place by place.
    all: these together.

Each is held against the same numbers with this flaw corrected: `unregistered_geometry` and `all` against the
registered metrics, the others against the metrics as the seed paper defines them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from embedding_shift.claims import verdicts as claims
from embedding_shift.metrics import registry
from embedding_shift.statistics import bootstrap, paired_tests
from embedding_shift.study import variant_names

COLUMNS = ["flaw", "augmentation", "metric", "as_released", "corrected"]
RANK_COLUMNS = ["flaw", "metric", "kendall_tau", "rank_changes"]
CLAIM_COLUMNS = ["flaw", "claim", "corrected", "as_released"]
SINGLE_FLAWS = ("wrapped_arithmetic", "new_draws", "unseeded", "failures_replaced", "unregistered_geometry")
FLAWS = (*SINGLE_FLAWS, "all")
NEED_DRAWS = ("new_draws", "unseeded")
AGAINST_REGISTERED = ("unregistered_geometry", "all")
REGISTERED = "_registered"
KEYS = ["image_id", "augmentation"]


@dataclass(frozen=True)
class Runs:
    """What the audit chooses from.

    Attributes:
        study: the study table of `study_metrics`.
        embeddings: per draw, the main one first, {augmentation: (image ids (N,), embeddings (N, D))}.
        original: the same pair for the originals.
        failure_share: share of views that `failures_replaced` replaces, 0 to 1.
        root_seed: seed of the run.
    """

    study: pd.DataFrame
    embeddings: list
    original: tuple
    failure_share: float
    root_seed: int

    def flaws(self):
        """Return the flaws that can be shown: another draw needs two."""
        return [flaw for flaw in FLAWS if len(self.embeddings) > 1 or flaw not in NEED_DRAWS]

    def corrected(self, flaw):
        """Return the long table and the embeddings of the main draw with a flaw corrected."""
        table = self._draw(0)
        if flaw in AGAINST_REGISTERED:
            registered = table[table["metric"].str.endswith(REGISTERED)]
            registered = registered.assign(metric=registered["metric"].str.removesuffix(REGISTERED))
            table = pd.concat([table[~table["metric"].isin(registered["metric"])], registered])
        return _plain(table), self.embeddings[0]

    def as_released(self, flaw):
        """Return the long table and the embeddings as the released scripts make them with this flaw."""
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
            table = table.replace({"metric": {variant_names.AS_RELEASED: "patch_similarity"}})
        table, embeddings = _plain(table), self.embeddings[embedded]
        return self._with_failures(table, embeddings) if "failures_replaced" in active else (table, embeddings)

    def _draw(self, draw):
        variant = variant_names.MAIN if draw == 0 else variant_names.draw_name(draw)
        known = self.study["metric"].isin(list(registry.REGISTRY)) & np.isfinite(self.study["value"])
        return self.study[(self.study["variant"] == variant) & known]

    def _with_failures(self, table, embeddings):
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


def _plain(table):
    """Leave out the registered metrics and the patch metric in 8 bits, which stand in for others or not at all."""
    helpers = table["metric"].str.endswith(REGISTERED) | (table["metric"] == variant_names.AS_RELEASED)
    return table.loc[~helpers, [*KEYS, "metric", "value"]]


def table(runs):
    """Return the means of what a flaw can change, over the same images: a data frame with COLUMNS."""
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


def _touched(flaw):
    """Return the metrics that a flaw can change."""
    if flaw == "wrapped_arithmetic":
        return ["patch_similarity"]
    names = [metric.name for metric in registry.in_order()]
    if flaw == "unregistered_geometry":
        return [name for name in names if name + REGISTERED in names]
    if flaw == "new_draws":
        return [name for name in names if registry.REGISTRY[name].kind != "embedding"]
    return names


def ranks(means):
    """Return what each flaw does to the order of the augmentations: a data frame with RANK_COLUMNS.

    `kendall_tau` compares the order by as-released means with the corrected one: 1 is no change, and 0 stands where
    one side is all ties. `rank_changes` is the number of augmentations whose rank changes.

    Args:
        means: what `table` returns.
    """
    rows = []
    for (flaw, metric), group in means.groupby(["flaw", "metric"], sort=False):
        if len(group) < 2:
            continue
        tau = stats.kendalltau(group["as_released"], group["corrected"]).statistic
        sign = paired_tests.shift_sign(metric)
        as_released, corrected = (stats.rankdata(-sign * group[name]) for name in ("as_released", "corrected"))
        rows.append((flaw, metric, tau if np.isfinite(tau) else 0.0, int((as_released != corrected).sum())))
    return pd.DataFrame(rows, columns=RANK_COLUMNS)


def verdicts(runs, ledger, resamples, confidence):
    """Return the verdict on every claim with each flaw, and with it corrected: a data frame with CLAIM_COLUMNS.

    Args:
        runs: the Runs.
        ledger: a claims_ledger.Ledger.
        resamples, confidence: of the bootstrap.
    """

    def judged(run):
        return claims.judge(ledger, claims.Evidence(*run, resamples, confidence, runs.root_seed))

    rows, corrected = [], {}
    for flaw in runs.flaws():
        registered = flaw in AGAINST_REGISTERED
        if registered not in corrected:
            corrected[registered] = judged(runs.corrected(flaw))
        before, after = corrected[registered], judged(runs.as_released(flaw))
        rows += [(flaw, name, before[name].verdict, after[name].verdict) for name in before]
    return pd.DataFrame(rows, columns=CLAIM_COLUMNS)
