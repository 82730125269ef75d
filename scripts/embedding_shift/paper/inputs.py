"""What the paper is written from: the tables of one run, its settings and its labels."""

import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NotRequired, TypedDict

import pandas as pd

from embedding_shift.claims import published_claims, verdicts
from embedding_shift.config.entries import STEP_SEPARATOR
from embedding_shift.metrics import registered_metrics, registry
from embedding_shift.paper import latex

STUDY_TABLES = (
    "noise_floor",
    "dose_start",
    "equal_doses",
    "equal_damage",
    "variance",
    "audit",
    "audit_ranks",
    "audit_claims",
    "few_images",
)
MECHANISM_TABLES = (
    "layers",
    "ledger",
    "neighbours",
    "fingerprint",
    "equivariance",
    "concepts",
    "similarity_maps",
    "related_claims",
    "mechanism_agreement",  # with several encoders
)
ADVERSARIAL_TABLES = (
    "adversarial",
    "exchange_rate",
    "detection",
    "detection_layers",  # of a run that looks inside the encoder
)
NAMED_TABLES = ("head_words", "named_heads", "concept_words", "text_maps")

Row = dict[str, str]  # a row of a CSV file, by column


def steps_of_row(row: Row) -> list[tuple[str, dict[str, Any]]]:
    """Return the transforms with their arguments in a row of augmentations.csv, in the order of their application.

    Counterparts that were given have none.
    """
    names, arguments = row["transform"].split(STEP_SEPARATOR), json.loads(row["parameters"])
    if not row["transform"]:
        return []
    return list(zip(names, arguments if isinstance(arguments, list) else [arguments], strict=True))


class BootstrapSettings(TypedDict):
    """The key `bootstrap` of the configuration."""

    resamples: int
    confidence: float


class FigureSettings(TypedDict):
    """The counts under the key `figures` of the configuration."""

    attention_samples: int
    cosine_samples: int
    attention_grid_pages: int


class StudySettings(TypedDict):
    """The key `study` of the configuration; without a study, only `images`, which is 0."""

    images: int
    draws: NotRequired[int]
    doses: NotRequired[list[float]]
    failure_share: NotRequired[float]


class MechanismSettings(TypedDict):
    """The number of images under the key `mechanism` of the configuration."""

    images: int


class AdversarialSettings(TypedDict):
    """The numbers of images and of steps under the key `adversarial` of the configuration."""

    images: int
    steps: int


class Settings(TypedDict):
    """The settings of the run that the paper cites, named as in the configuration.

    `lists_classes` says whether text towers tell the classes of a list (key `words.classes`). `n_images` is that of the
    first dataset; `kept_duplicates` holds the labels of the datasets with `duplicates: keep`.
    """

    seed: int
    image_size: int
    resize: str
    bootstrap: BootstrapSettings
    figures: FigureSettings
    study: StudySettings
    mechanism: MechanismSettings
    adversarial: AdversarialSettings
    lists_classes: bool
    n_images: int | None
    kept_duplicates: list[str]


@dataclass(frozen=True)
class Results:
    """The results of one encoder on one dataset.

    Attributes:
        dataset: label of the dataset.
        model: label of the encoder.
        summary: data frame of summary.csv.
        augmentations: label by name, in the order of the configuration.
    """

    dataset: str
    model: str
    summary: pd.DataFrame
    augmentations: dict[str, str]

    @cached_property
    def _cells(self) -> pd.DataFrame:
        return self.summary.set_index(["augmentation", "metric"])

    def value(self, augmentation: str, metric: str, column: str = "mean") -> float:
        """Return a cell of the summary, or NaN if the metric was not measured."""
        try:
            cell: Any = self._cells.at[(augmentation, metric), column]
        except KeyError:
            return math.nan
        return cell

    def interval(self, augmentation: str, metric: str) -> str:
        """Return the interval of a mean as LaTeX; a single image has none."""
        if self.value(augmentation, metric, "n") == 1:
            return latex.ONE_IMAGE
        return latex.interval(*(self.value(augmentation, metric, bound) for bound in ("ci_low", "ci_high")))

    def metrics(self, overview: bool = False) -> list[registry.Metric]:
        """Return the measured metrics in the order of the tables; with `overview`, only those of the overview."""
        measured = set(self.summary["metric"])
        return [m for m in registry.in_order() if m.name in measured and (m.in_overview or not overview)]

    @cached_property
    def constant_metrics(self) -> list[registry.Metric]:
        """The metrics that are constant by construction under some augmentation, in the order of the tables."""
        means = {
            metric.name: [self.value(name, metric.name) for name in self.augmentations] for metric in self.metrics()
        }
        return [m for m in self.metrics() if registered_metrics.constant_by_construction(m.name, means[m.name])]

    def ranked(self, metric: str) -> list[str]:
        """Return the names of the augmentations that have a value of `metric`, largest change first."""
        sign = 1 if registry.REGISTRY[metric].higher_is_closer else -1
        named = [name for name in self.augmentations if not math.isnan(self.value(name, metric))]
        return sorted(named, key=lambda name: sign * self.value(name, metric))


@dataclass(frozen=True)
class PaperInputs:
    """Everything that the numbers, sentences and tables of the paper are written from.

    Attributes:
        results: results of every encoder on every dataset; the text follows the first.
        manifest: rows of manifest.csv of the first dataset.
        rejected_images: rows of rejects.csv of the first dataset, for images.
        other_files: the other rows, each for all files with one reason.
        exclusions: rows of exclusions.csv of the first results.
        distance: data frame of pairwise_distance.csv of the first results, indexed by augmentation.
        claims: judgements of claims.csv of the first results, by claim id.
        published_claims: the claims that they judge.
        friedman: data frame of friedman.csv of the first results.
        paired_differences: data frame of paired_differences.csv of the first results.
        notable_images: data frame of notable_images.csv of the first results.
        augmentations: rows of augmentations.csv.
        provenances: content of provenance.json by label of the encoder; the text follows the first.
        acquisitions: rows of acquisition_summary.csv by dataset label, for datasets that were downloaded.
        precisions: data frame of precision.csv by label of encoder and dataset, for reduced precision only.
        rank_agreement: data frame of rank_agreement.csv with encoders by label; None for a single encoder.
        encoder_differences: the same of encoder_differences.csv.
        image_counts: number of images that were used and left out, by label of the dataset.
        study: data frame by name of the table (STUDY_TABLES); empty without a study.
        steps: data frame of steps.csv of the first results; None without a study or without lists of transforms.
        mechanism: the same as `study` for MECHANISM_TABLES; empty if the run does not look inside the encoder.
        adversarial: the same for ADVERSARIAL_TABLES, and with several encoders transfer.csv with their labels; empty
            without an attack.
        named_parts: the same for NAMED_TABLES, without rows for an encoder without a text tower; empty if the run names
            no parts of the encoder.
        words: data frame of words.csv, without rows for an encoder without a text tower; None if nothing is told in
            words.
        word_claims: judgements of word_claims.csv by claim id; empty if nothing is told in words.
        attack_claims: judgements of attack_claims.csv by claim id; without an attack, none of them was tested.
        text_damage, damage_forecast: data frames of all encoders, with the column `model`; without rows where no
            encoder has a text tower or a classifier, None if the run does not look at captions and classes.
        settings: the settings of the run.
    """

    results: list[Results]
    manifest: list[Row]
    rejected_images: list[Row]
    other_files: list[Row]
    exclusions: list[Row]
    distance: pd.DataFrame
    claims: dict[str, verdicts.Judgement]
    published_claims: published_claims.PublishedClaims
    friedman: pd.DataFrame
    paired_differences: pd.DataFrame
    notable_images: pd.DataFrame
    augmentations: list[Row]
    provenances: dict[str, dict[str, Any]]
    acquisitions: dict[str, list[Row]]
    precisions: dict[str, pd.DataFrame]
    rank_agreement: pd.DataFrame | None
    encoder_differences: pd.DataFrame | None
    image_counts: dict[str, tuple[int, int]]
    study: dict[str, pd.DataFrame]
    steps: pd.DataFrame | None
    mechanism: dict[str, pd.DataFrame]
    adversarial: dict[str, pd.DataFrame]
    named_parts: dict[str, pd.DataFrame]
    words: pd.DataFrame | None
    word_claims: dict[str, verdicts.Judgement]
    attack_claims: dict[str, verdicts.Judgement]
    text_damage: pd.DataFrame | None
    damage_forecast: pd.DataFrame | None
    settings: Settings

    @property
    def main(self) -> Results:
        """The results that the text follows."""
        return self.results[0]

    @property
    def views_given(self) -> bool:
        """Whether the views are counterparts that another program made, and not augmentations of the run."""
        return not any(map(steps_of_row, self.augmentations))

    def distance_between(self, first: str, second: str) -> float:
        """Return the mean cosine distance between two augmentations of the first results."""
        cell: Any = self.distance.at[first, second]
        return float(cell)

    @property
    def precision(self) -> str:
        """The precision in which the first encoder computes."""
        reduced = self.precisions.get(f"{self.main.model} on {self.main.dataset}")
        return "fp32" if reduced is None or reduced.empty else str(reduced["precision"].iloc[0])

    @property
    def study_images(self) -> int:
        """The number of images in the study; 0 without a study."""
        return min(self.settings["study"]["images"], len(self.manifest)) if self.study else 0
