"""The files and settings that figures take, as arguments of scripts/plot.py.

The module imports no plotting library, because the workflow reads it through the table of figures.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Input:
    """A kind of file that figures read.

    Attributes:
        help: what the file holds.
        form: how `draw` receives it: a CSV file as data frame, the long table as Values, the augmentations as a list of
            `style.Augmentation`, anything else as path.
    """

    help: str
    form: Literal["csv", "parquet", "augmentations", "path"] = "csv"


@dataclass(frozen=True)
class Option:
    """A setting of figures: its help, and further arguments of `ArgumentParser.add_argument`."""

    help: str
    arguments: Mapping[str, Any] = field(default_factory=lambda: {"required": True})


def _required(help_text: str, **arguments: Any) -> Option:
    return Option(help_text, {"required": True, **arguments})


INPUTS = {
    "adversarial": Input("CSV, mean and interval per ε and metric, of the attack and of random signs"),
    "attacked_views": Input("tar, the attacked views", "path"),
    "attention_folder": Input("folder with one attention file (npz) per view", "path"),
    "audit": Input("CSV, means as released and corrected"),
    "augmentation_card": Input("CSV, what is known of the harm that each augmentation does"),
    "augmentations": Input("CSV, labels and colours of the augmentations", "augmentations"),
    "bench": Input("CSV, results of a benchmark"),
    "concepts": Input("CSV, what becomes of every dimension of the embedding"),
    "comparison": Input("CSV, mean and interval per model, augmentation and metric"),
    "damage_forecast": Input("CSV, rank correlations of shift and damage per model"),
    "detection": Input("CSV, how well the shift tells the attack from each augmentation"),
    "dose_damage": Input("CSV, damage to captions and classes per model, augmentation and dose"),
    "dose_start": Input("CSV, metrics of augmentations at a vanishing dose"),
    "dose_response": Input("CSV, mean and interval per augmentation, dose and metric"),
    "equal_damage": Input("CSV, metrics at equal damage"),
    "equivariance": Input("CSV, how well the shift tells drawn parameters"),
    "exchange_rate": Input("CSV, the ε that every augmentation is worth"),
    "fingerprint": Input("CSV, how well the shift tells the augmentation"),
    "layers": Input("CSV, shift of the stream per augmentation, token and layer"),
    "ledger": Input("CSV, share of every part in the shift of every augmentation"),
    "manifest": Input("CSV, one row per image", "path"),
    "mean_ranks": Input("CSV, mean rank per metric and augmentation"),
    "metrics": Input("Parquet, one row per image, augmentation and metric", "parquet"),
    "notable_images": Input("CSV, typical and worst image of every augmentation"),
    "nearest_images": Input("CSV, nearest images of some photographs"),
    "named_heads": Input("CSV, share of every head that words name in the shift of every augmentation"),
    "neighbours": Input("CSV, neighbours kept per augmentation and space"),
    "noise_floor": Input("CSV, mean and interval per reference and metric"),
    "paired_differences": Input("CSV, corrected p value per metric and pair of augmentations"),
    "pairwise_distance": Input("CSV, mean cosine distance, augmentation × augmentation"),
    "rank_agreement": Input("CSV, rank correlations of every two models"),
    "steps": Input("CSV, what each transform of a list adds to the shift, and what the list loses without it"),
    "similarity_maps": Input("CSV, correlation of the maps of similarity to the original's embedding"),
    "text_damage": Input("CSV, damage to captions and classes per model and augmentation"),
    "text_maps": Input("npz, the maps of the similarity to the caption of a few images", "path"),
    "summary": Input("CSV, mean and interval per augmentation and metric"),
    "transfer": Input("CSV, mean shift of every encoder by the attacks on every encoder"),
    "words": Input("CSV, score of every augmentation and prompt"),
    "views_folder": Input("folder with one folder of shards per view", "path"),
}

OPTIONS = {
    "confidence": _required("coverage of the intervals, between 0 and 1", type=float),
    "image": Option("id of the image to show; by default the first in the manifest", {}),
    "images": _required("number of images to show", type=int),
    "labels": _required("names of the models in the figure", nargs="+"),
    "models": _required("names of the models in the tables", nargs="+"),
    "page": _required("number of this page, from 1", type=int),
    "pages": _required("number of pages", type=int),
    "samples": _required("number of images to sample", type=int),
    "settings": _required("dose of each augmentation as configured, a JSON object", type=json.loads),
    "shards": _required("number of shards", type=int),
}


def flag(key: str) -> str:
    """Return the command-line flag of an input or option."""
    return f"--{key.replace('_', '-')}"
