"""What the paper is written from: the tables of one run, its settings and its labels."""

import json
import math
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

# Importing the three enters their metrics in the registry.
from embedding_shift.claims import published_claims
from embedding_shift.errors import InputError
from embedding_shift.io import tables
from embedding_shift.metrics import registry

STUDY_TABLES = ("noise_floor", "equal_damage", "variance", "audit", "audit_ranks", "audit_claims")


@dataclass(frozen=True)
class Results:
    """The tables of one dataset under one encoder.

    Attributes:
        dataset: label of the dataset.
        model: label of the encoder.
        summary: data frame of summary.csv.
        augmentations: label by name, in the order of the configuration.
    """

    dataset: str
    model: str
    summary: pd.DataFrame
    augmentations: dict

    @cached_property
    def _cells(self):
        return self.summary.set_index(["augmentation", "metric"])

    def value(self, augmentation, metric, column="mean"):
        """Return a cell of the summary; NaN where the metric was not measured."""
        try:
            return self._cells.at[(augmentation, metric), column]
        except KeyError:
            return math.nan

    def metrics(self, overview=False):
        """Return the metrics that were measured, in the order of tables; with `overview` those of the figures alone."""
        measured = set(self.summary["metric"])
        return [m for m in registry.in_order() if m.name in measured and (m.in_overview or not overview)]

    def ranked(self, metric):
        """Return the names of the augmentations that have a value of `metric`, the largest change first."""
        sign = 1 if registry.REGISTRY[metric].higher_is_closer else -1
        named = [name for name in self.augmentations if not math.isnan(self.value(name, metric))]
        return sorted(named, key=lambda name: sign * self.value(name, metric))


@dataclass(frozen=True)
class PaperInputs:
    """Everything that the paper's numbers and tables are written from.

    Attributes:
        results: Results of every dataset under every encoder; the first is the one that the text follows.
        manifest: rows of manifest.csv of the first dataset.
        rejects: rows of rejects.csv of the first dataset.
        exclusions: rows of exclusions.csv of the first results.
        distance: data frame of pairwise_distance.csv of the first results, indexed by augmentation.
        claims: rows of claims.csv of the first results, as dictionaries.
        ledger: the claims_ledger.Ledger that they are verdicts on.
        friedman: data frame of friedman.csv of the first results.
        paired_differences: data frame of paired_differences.csv of the first results.
        augmentations: rows of augmentations.csv.
        provenance: provenance.json of the first encoder.
        acquisitions: rows of acquisition_summary.csv by label of the dataset, for those that were fetched.
        precisions: data frame of precision.csv by label of the encoder and dataset, where it is not single precision.
        rank_agreement: data frame of rank_agreement.csv, its encoders by label; None where there is one encoder.
        study: data frame by table of the study (STUDY_TABLES); empty where there was no study.
        settings: `seed`, `image_size`, `bootstrap`, `figures`, `study` as in the configuration, and `n_images` of the
            first dataset.
    """

    results: list
    manifest: list
    rejects: list
    exclusions: list
    distance: pd.DataFrame
    claims: list
    ledger: published_claims.Ledger
    friedman: pd.DataFrame
    paired_differences: pd.DataFrame
    augmentations: list
    provenance: dict
    acquisitions: dict
    precisions: dict
    rank_agreement: pd.DataFrame | None
    study: dict
    settings: dict

    @property
    def main(self):
        """The results that the text follows."""
        return self.results[0]


def add_arguments(parser):
    """Add the arguments that `read` reads."""
    parser.add_argument("--datasets", nargs="+", required=True, help="label of the dataset of every summary")
    parser.add_argument("--models", nargs="+", required=True, help="label of the encoder of every summary")
    parser.add_argument("--model-names", nargs="+", required=True, help="name of each of these encoders in the tables")
    parser.add_argument("--summaries", nargs="+", required=True, help="summary.csv, the one the text follows first")
    parser.add_argument("--manifest", required=True, help="manifest.csv of the first dataset")
    parser.add_argument("--rejects", required=True, help="rejects.csv of the first dataset")
    parser.add_argument("--exclusions", required=True, help="exclusions.csv of the first summary")
    parser.add_argument("--distance", required=True, help="pairwise_distance.csv of the first summary")
    parser.add_argument("--claims", required=True, help="claims.csv of the first summary")
    parser.add_argument("--ledger", required=True, help="YAML, the claims")
    parser.add_argument("--friedman", required=True, help="friedman.csv of the first summary")
    parser.add_argument("--paired-differences", required=True, help="paired_differences.csv of the first summary")
    parser.add_argument("--augmentations", required=True, help="augmentations.csv")
    parser.add_argument("--provenance", required=True, help="provenance.json of the first encoder")
    parser.add_argument("--acquired", nargs="*", default=[], help="label of every dataset that was fetched from URLs")
    parser.add_argument("--acquisitions", nargs="*", default=[], help="acquisition_summary.csv of each of them")
    parser.add_argument("--reduced", nargs="*", default=[], help="label of what was not done in single precision")
    parser.add_argument("--precisions", nargs="*", default=[], help="precision.csv of each of them")
    parser.add_argument("--rank-agreement", help="rank_agreement.csv; left out where there is one encoder")
    for table in STUDY_TABLES:
        parser.add_argument(_option(table), help=f"{table}.csv of the first summary; left out where there is no study")
    parser.add_argument("--settings", type=json.loads, required=True, help="what the run was configured with, as JSON")


def read(arguments):
    """Return the PaperInputs that the arguments name.

    Raises:
        InputError: a file is absent or has no rows where it needs some.
    """
    augmentations = tables.read_rows(arguments.augmentations)
    labels = {row["augmentation"]: row["label"] for row in augmentations}
    results = [
        Results(dataset, model, _frame(path), labels)
        for dataset, model, path in zip(arguments.datasets, arguments.models, arguments.summaries, strict=True)
    ]
    try:
        with open(arguments.provenance, encoding="utf-8") as file:
            provenance = json.load(file)
    except FileNotFoundError:
        raise InputError(f"there is no file {arguments.provenance}") from None
    return PaperInputs(
        results=results,
        manifest=tables.read_rows(arguments.manifest),
        rejects=tables.read_rows(arguments.rejects),
        exclusions=tables.read_rows(arguments.exclusions),
        distance=_frame(arguments.distance).set_index("augmentation"),
        claims=_frame(arguments.claims).to_dict("records"),
        ledger=published_claims.read(arguments.ledger),
        friedman=_frame(arguments.friedman),
        paired_differences=_frame(arguments.paired_differences),
        augmentations=augmentations,
        provenance=provenance,
        acquisitions=_acquisitions(arguments),
        precisions=dict(zip(arguments.reduced, map(_frame, arguments.precisions), strict=True)),
        rank_agreement=_rank_agreement(arguments),
        study={table: _frame(getattr(arguments, table)) for table in STUDY_TABLES if getattr(arguments, table)},
        settings=arguments.settings,
    )


def _acquisitions(arguments):
    """Return {label of the dataset: rows of acquisition_summary.csv}."""
    pairs = zip(arguments.acquired, arguments.acquisitions, strict=True)
    return {dataset: tables.read_rows(path) for dataset, path in pairs}


def _rank_agreement(arguments):
    """Return the data frame of rank_agreement.csv with labels for names, or None."""
    if not arguments.rank_agreement:
        return None
    labels = dict(zip(arguments.model_names, arguments.models, strict=True))
    return _frame(arguments.rank_agreement).replace({"first": labels, "second": labels})


def _option(table):
    return f"--{table.replace('_', '-')}"


def _frame(path):
    try:
        return pd.read_csv(path)
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
