"""Read the tables of a run, its settings and its labels, which the paper is written from."""

import argparse
import json
from collections.abc import Iterable
from typing import Any

import pandas as pd

from embedding_shift.claims import attack_claims, published_claims, verdicts
from embedding_shift.errors import InputError
from embedding_shift.io import tables
from embedding_shift.paper.inputs import (
    ADVERSARIAL_TABLES,
    MECHANISM_TABLES,
    NAMED_TABLES,
    STUDY_TABLES,
    PaperInputs,
    Results,
    Row,
)

ENCODER_TABLES = ("rank_agreement", "encoder_differences")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that `read` expects."""
    parser.add_argument("--datasets", nargs="+", required=True, help="dataset label of every summary")
    parser.add_argument("--models", nargs="+", required=True, help="encoder label of every summary")
    parser.add_argument("--model-names", nargs="+", required=True, help="encoder name of every summary, as in tables")
    parser.add_argument("--summaries", nargs="+", required=True, help="summary.csv files; the text follows the first")
    parser.add_argument("--manifests", nargs="+", required=True, help="manifest.csv of every dataset, in their order")
    parser.add_argument("--rejects", nargs="+", required=True, help="rejects.csv of every dataset, in their order")
    parser.add_argument("--exclusions", required=True, help="exclusions.csv of the first summary")
    parser.add_argument("--distance", required=True, help="pairwise_distance.csv of the first summary")
    parser.add_argument("--claims", required=True, help="claims.csv of the first summary")
    parser.add_argument("--published-claims", required=True, help="YAML file of the published claims")
    parser.add_argument("--friedman", required=True, help="friedman.csv of the first summary")
    parser.add_argument("--paired-differences", required=True, help="paired_differences.csv of the first summary")
    parser.add_argument("--notable-images", required=True, help="notable_images.csv of the first summary")
    parser.add_argument("--augmentations", required=True, help="augmentations.csv")
    parser.add_argument(
        "--provenances",
        nargs="+",
        required=True,
        help="provenance.json of every encoder, in the order of the summaries",
    )
    parser.add_argument("--acquired", nargs="*", default=[], help="label of every dataset downloaded from URLs")
    parser.add_argument("--acquisitions", nargs="*", default=[], help="acquisition_summary.csv of each of these")
    parser.add_argument("--reduced", nargs="*", default=[], help="label of every result in reduced precision")
    parser.add_argument("--precisions", nargs="*", default=[], help="precision.csv of each of these")
    for table in ENCODER_TABLES:
        parser.add_argument(_option(table), help=f"{table}.csv; omit it for a single encoder")
    for table in STUDY_TABLES:
        parser.add_argument(_option(table), help=f"{table}.csv of the first summary; omit it without a study")
    parser.add_argument("--steps", help="steps.csv of the first summary; omit it where the run has none")
    for table in (*MECHANISM_TABLES, *ADVERSARIAL_TABLES, "transfer", *NAMED_TABLES):
        parser.add_argument(_option(table), help=f"{table}.csv; omit it where the run has none")
    parser.add_argument("--words", help="words.csv of the first summary; omit it where the run has none")
    parser.add_argument("--word-claims", help="word_claims.csv of the first summary; omit it where the run has none")
    parser.add_argument("--attack-claims", help="attack_claims.csv of the first summary; omit it without an attack")
    for table in ("text_damage", "damage_forecast"):
        parser.add_argument(_option(table), help=f"{table}.csv of all encoders; omit it where the run has none")
    parser.add_argument("--settings", type=json.loads, required=True, help="settings of the run, as JSON")


def read(arguments: argparse.Namespace) -> PaperInputs:
    """Return the PaperInputs that the arguments name.

    Raises:
        InputError: a file is missing, or has no rows where it needs some.
    """
    augmentations = tables.read_rows(arguments.augmentations)
    published = published_claims.read(arguments.published_claims)
    labels = {row["augmentation"]: row["label"] for row in augmentations}
    results = [
        Results(dataset, model, tables.read_csv(path), labels)
        for dataset, model, path in zip(arguments.datasets, arguments.models, arguments.summaries, strict=True)
    ]
    manifests = [tables.read_rows(path) for path in arguments.manifests]
    rejects = [tables.read_rows(path) for path in arguments.rejects]
    rejected_images = [[row for row in rows if row["image_id"]] for rows in rejects]
    counts = zip(map(len, manifests), map(len, rejected_images), strict=True)
    return PaperInputs(
        results=results,
        manifest=manifests[0],
        image_counts=dict(zip(dict.fromkeys(arguments.datasets), counts, strict=True)),
        rejected_images=rejected_images[0],
        other_files=[row for row in rejects[0] if not row["image_id"]],
        exclusions=tables.read_rows(arguments.exclusions),
        distance=tables.read_csv(arguments.distance).set_index("augmentation"),
        claims=verdicts.read(arguments.claims),
        published_claims=published,
        friedman=tables.read_csv(arguments.friedman),
        paired_differences=tables.read_csv(arguments.paired_differences),
        notable_images=tables.read_csv(arguments.notable_images),
        augmentations=augmentations,
        provenances=dict(
            zip(_encoder_labels(arguments).values(), map(_provenance, arguments.provenances), strict=True)
        ),
        acquisitions=_acquisitions(arguments),
        precisions=dict(zip(arguments.reduced, map(tables.read_csv, arguments.precisions), strict=True)),
        rank_agreement=_of_encoders("rank_agreement", arguments),
        encoder_differences=_of_encoders("encoder_differences", arguments),
        study=_given(STUDY_TABLES, arguments),
        steps=tables.read_csv(arguments.steps) if arguments.steps else None,
        mechanism=_given(MECHANISM_TABLES, arguments),
        adversarial=_given(ADVERSARIAL_TABLES, arguments) | _transfer(arguments),
        named_parts=_given(NAMED_TABLES, arguments),
        words=tables.read_csv(arguments.words) if arguments.words else None,
        word_claims=verdicts.read(arguments.word_claims) if arguments.word_claims else {},
        attack_claims=(
            verdicts.read(arguments.attack_claims)
            if arguments.attack_claims
            else attack_claims.all_untested(published.attack_claims)
        ),
        text_damage=_of_encoders("text_damage", arguments),
        damage_forecast=_of_encoders("damage_forecast", arguments),
        settings=arguments.settings,
    )


def _given(names: Iterable[str], arguments: argparse.Namespace) -> dict[str, pd.DataFrame]:
    """Return the tables that the arguments name, by name."""
    return {name: tables.read_csv(getattr(arguments, name)) for name in names if getattr(arguments, name)}


def _acquisitions(arguments: argparse.Namespace) -> dict[str, list[Row]]:
    """Return the rows of acquisition_summary.csv by dataset label."""
    pairs = zip(arguments.acquired, arguments.acquisitions, strict=True)
    return {dataset: tables.read_rows(path) for dataset, path in pairs}


def _of_encoders(table: str, arguments: argparse.Namespace) -> pd.DataFrame | None:
    """Return the data frame of a table on encoders, or on pairs, with their labels in place of names, or None."""
    path = getattr(arguments, table)
    if not path:
        return None
    labels = _encoder_labels(arguments)
    return tables.read_csv(path).replace({"first": labels, "second": labels, "model": labels})


def _transfer(arguments: argparse.Namespace) -> dict[str, pd.DataFrame]:
    """Return the data frame of transfer.csv with the labels of the encoders, by name; empty without it."""
    labels = _encoder_labels(arguments)
    return {
        name: frame.replace({"attacked": labels, "measured": labels})
        for name, frame in _given(["transfer"], arguments).items()
    }


def _encoder_labels(arguments: argparse.Namespace) -> dict[str, str]:
    """Return the labels of the encoders by name, in the order of the summaries."""
    return dict(zip(arguments.model_names, arguments.models, strict=True))


def _provenance(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            content: dict[str, Any] = json.load(file)
    except FileNotFoundError:
        raise InputError(f"there is no file {path}") from None
    return content


def _option(table: str) -> str:
    return f"--{table.replace('_', '-')}"
