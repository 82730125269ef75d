"""The tables of a small run, written down, for the tests of the paper."""

import argparse
import json
import math
from itertools import cycle, pairwise, product
from pathlib import Path

import pandas as pd

from embedding_shift.claims import audit, few_images, published_claims, released_runs, verdicts, word_claims
from embedding_shift.data.manifest import REJECT_COLUMNS
from embedding_shift.io import tables
from embedding_shift.metrics import joining, registry
from embedding_shift.paper import reading, sentences
from embedding_shift.statistics import encoder_differences, notable_images, paired_tests, rank_agreement
from embedding_shift.study.tables import dose_start, equal_damage, noise_floor, precision, step_contributions, variance
from embedding_shift.study.variants import equal_doses, variant_names
from embedding_shift.views import image_difference
from embedding_shift.words import shift_in_words

PROJECT = Path(__file__).parents[2]
NASTY = [
    "\\",
    "100 %",
    "$x_1$",
    "a & b",
    "#3",
    "~^{}",
    "Ünïcode – × 日本",
    "Размытие ぼかし 😀",
    "تمويه غاوسي",
    "[1]*",
    "--,,\"'`",
    "\\input{/etc/passwd}",
]
SETTINGS = {
    "seed": 7,
    "image_size": 224,
    "resize": "bilinear",
    "bootstrap": {"resamples": 200, "confidence": 0.95},
    "figures": {"attention_samples": 5, "cosine_samples": 50, "attention_grid_pages": 3},
    "study": {"images": 8, "draws": 3, "doses": [0.5, 1], "failure_share": 0.05},
    "mechanism": {"images": 0},
    "adversarial": {"images": 8, "steps": 5},
    "lists_classes": False,
    "n_images": None,
    "kept_duplicates": [],
}
TOWER = {
    "image_size": [224, 224],
    "heads": [6, 12],
    "preprocessing": {"mean": [0.5, 0.4, 0.3], "interpolation": "bicubic", "resize_mode": "shortest"},
}

TABLES = [
    "notable_images",
    "rejects",
    "exclusions",
    "distance",
    "claims",
    "friedman",
    "paired_differences",
    "augmentations",
]


def write_results(
    folder,
    labels,
    n_images,
    rejects=(),
    models=("m",),
    value=lambda place, metric: 1 - place / 16,
    attention=True,
    exclusions=(),
    settings=SETTINGS,
    others=(),
):
    """Write the tables of a run with one augmentation per label; return the arguments that name them."""
    names = [f"augmentation_{place}" for place in range(len(labels))]
    summary = [
        (
            name,
            metric.name,
            n_images,
            value(place, metric),
            *((0.25, value(place, metric) - 0.5, value(place, metric) + 0.5) if n_images > 1 else (None,) * 3),
        )
        for place, name in enumerate(names)
        for metric in registry.in_order()
        if attention or "attention" not in metric.kind
    ]
    columns = ["augmentation", "metric", "n", "mean", "std", "ci_low", "ci_high"]
    tables.write_csv(folder / "summary.csv", pd.DataFrame(summary, columns=columns))
    distance = pd.DataFrame({name: [abs(i - j) / 8 for i in range(len(names))] for j, name in enumerate(names)})
    distance.insert(0, "augmentation", names)
    tables.write_csv(folder / "distance.csv", distance)
    rows = [
        {"augmentation": name, "label": label, "color": "#000000", "transform": "T_%", "parameters": '{"a_b": [-1, 2]}'}
        for name, label in zip(names, labels, strict=True)
    ]
    tables.write_rows(folder / "augmentations.csv", list(rows[0]), rows)
    write_statistics(folder, names, n_images)
    write_notable_images(folder, names, n_images, attention)
    tables.write_rows(folder / "manifest.csv", ["image_id"], [{"image_id": f"i{n}"} for n in range(n_images)])
    left_out = [{"image_id": f"r{n}", "reason": why, "files": 1} for n, why in enumerate(rejects)]
    left_out += [{"reason": why, "files": files} for why, files in others]
    tables.write_rows(folder / "rejects.csv", REJECT_COLUMNS, left_out)
    tables.write_rows(folder / "exclusions.csv", joining.EXCLUSION_COLUMNS, exclusions)
    provenance = {"kind": "local-dir", "path": "/a_b/%20#" * 20, "tower": TOWER}
    (folder / "provenance.json").write_text(json.dumps(provenance))
    return [
        *("--datasets", *["Data & 50 %"] * len(models), "--models", *models),
        *("--model-names", *(f"model_{place}" for place in range(len(models)))),
        *("--summaries", *[str(folder / "summary.csv")] * len(models)),
        *(part for name in TABLES for part in (f"--{name.replace('_', '-')}", str(folder / f"{name}.csv"))),
        *("--manifests", str(folder / "manifest.csv")),
        *("--published-claims", str(PROJECT / "paper" / "claims.yaml")),
        *("--provenances", *[str(folder / "provenance.json")] * len(models)),
        *("--settings", json.dumps(settings)),
    ]


def write_statistics(folder, names, n_images):
    """Write a verdict of each kind on the published claims, and the tests of as many augmentations as there are."""
    ids = [claim.id for claim in published_claims.read(PROJECT / "paper" / "claims.yaml").claims]
    found = [(0.25, 0.125, 0.75), (-0.25, -0.75, -0.125), (0.25, -0.5, 0.75)]
    judged = {
        name: verdicts.tested(verdicts.Interval(*bounds), n_images)
        for name, bounds in zip(ids, cycle(found), strict=False)
    }
    judged[ids[2]] = verdicts.untested("this run lacks it & has 50 % of that")
    tables.write_csv(folder / "claims.csv", verdicts.as_table(judged))
    pairs = [
        ("cosine_similarity", first, second, n_images, -0.125, -0.5, 0.25, -0.2, -0.1, 0.01, 0.03, True, needed)
        for (first, second), needed in zip(pairwise(names), cycle([12345, paired_tests.MOST]), strict=False)
    ]
    paired = pd.DataFrame(pairs, columns=paired_tests.PAIRED_COLUMNS)
    tables.write_csv(folder / "paired_differences.csv", paired)
    tested = [("cosine_similarity", n_images, len(names), 12.5, 1e-7, 0.8)] if pairs else []
    tables.write_csv(folder / "friedman.csv", pd.DataFrame(tested, columns=paired_tests.FRIEDMAN_COLUMNS))


def write_notable_images(folder, names, n_images, attention):
    """Write a typical and, if there are several images, a worst image of every augmentation."""
    roles = ["typical", "worst"][: min(n_images, 2)]
    of_attention = [0.9, 0.5] if attention else [None, None]
    rows = [
        (name, role, f"i{place}", n_images, 0.75 - place / 4, 1.5, *of_attention)
        for name, (place, role) in product(names, enumerate(roles))
    ]
    tables.write_csv(folder / "notable_images.csv", pd.DataFrame(rows, columns=notable_images.COLUMNS))


def read(arguments):
    parser = argparse.ArgumentParser()
    reading.add_arguments(parser)
    return reading.read(parser.parse_args(arguments))


def write_study(folder, names, draws=3):
    """Write the tables of a study; return the arguments that name them."""
    shown = [metric.name for metric in registry.in_order()]
    pixels = [metric.name for metric in registry.of_kind("pixels")] + list(image_difference.MEASURES)
    floor = [(name, metric, 0.75, 0.5, 0.875) for name, metric in product(variant_names.REFERENCES, shown + pixels)]
    floor = [row for row in floor if row[0] in (variant_names.JPEG, variant_names.ANOTHER) or row[1] not in pixels]
    equal = [
        (measure, 0.5, name, 0.25, metric, 0.5, 0.25, 0.75, len(names) - place, 0.625, 1 + place)
        for measure, (place, name), metric in product(image_difference.MEASURES, enumerate(names), shown)
        if len(names) > 1
    ]
    starts = [(names[-1], metric, 3, 0.75, 0.5, 0.875, 0.25, 0.125, 0.5) for metric in ["rmse", *shown]]
    chosen = [("rmse", 0.5, name, 0.25, 0.5, 0.0, 1.0, "") for name in names]
    shares = [("draw", 0.25)] * (draws > 1) + [("augmentation", 0.75)] * (len(names) > 1)
    split = [
        (metric, part, names[0], 0.5, component, share, share, share / 2, (1 + share) / 2)
        for metric, part, (component, share) in product(shown, variance.SPLITS, shares)
        if part == variance.ALL or len(names) > 2
    ]
    flaws = [flaw for flaw in released_runs.FLAWS if draws > 1 or flaw not in released_runs.NEED_DRAWS]
    overview = [metric.name for metric in registry.in_order() if metric.in_overview]
    spread = {flaw: 0.25 if draws > 1 and flaw in released_runs.RANDOM_FLAWS else 0 for flaw in flaws}
    means = [
        (flaw, name, metric, 0.5 + place / 32, 0.5 + place / 32 - spread[flaw], 0.5 + place / 32 + spread[flaw], 0.5)
        for flaw, (place, name), metric in product(flaws, enumerate(names), overview)
    ]
    ranks = [
        (flaw, metric, 0.5, 0.5 - spread[flaw], 0.5 + spread[flaw], 2, 2 - round(4 * spread[flaw]), 2)
        for flaw, metric in product(flaws, overview)
        if len(names) > 1
    ]
    few = [(metric, 3, 24, 0.25, 0.75, 0.5, 1.0, 2, 0, 3) for metric in overview]
    ids = [claim.id for claim in published_claims.read(PROJECT / "paper" / "claims.yaml").claims]
    supported, contradicted = verdicts.SUPPORTED, verdicts.CONTRADICTED
    found_under = [
        (flaw, claim, supported, contradicted if flaw == "all" and place < 2 else supported, 1.0)
        for flaw, (place, claim) in product(flaws, enumerate(ids))
    ]
    found = {
        "noise_floor": (floor, noise_floor.COLUMNS),
        "dose_start": (starts, dose_start.COLUMNS),
        "equal_doses": (chosen, equal_doses.EqualDose._fields),
        "equal_damage": (equal, equal_damage.COLUMNS),
        "variance": (split, variance.COLUMNS),
        "audit": (means, audit.COLUMNS),
        "audit_ranks": (ranks, audit.RANK_COLUMNS),
        "audit_claims": (found_under, audit.CLAIM_COLUMNS),
        "few_images": (few if len(names) > 1 else [], few_images.COLUMNS),
    }
    for name, (rows, columns) in found.items():
        tables.write_csv(folder / f"{name}.csv", pd.DataFrame(rows, columns=columns))
    return [part for name in found for part in (f"--{name.replace('_', '-')}", str(folder / f"{name}.csv"))]


def write_steps(folder, names):
    """Write what three transforms of some augmentations contribute; return the arguments that name it."""
    rows = [
        (name, step, transform, "cosine_similarity", contribution, 8, 8 - 4 * (step == 2), mean, mean / 2, 2 * mean)
        for name in names
        for contribution, means in {"added": (0.5, 0.25, 0.125), "lost": (0.25, 0.375, 0.125)}.items()
        for step, transform, mean in zip((1, 2, 3), ("RandomResizedCrop", "ColorJitter", "Blur"), means, strict=True)
    ]
    tables.write_csv(folder / "steps.csv", pd.DataFrame(rows, columns=step_contributions.COLUMNS))
    return ["--steps", str(folder / "steps.csv")]


def words_table(names, prompts):
    """Return a shift in words, in which every augmentation follows its own prompt."""
    rows = [
        (name, prompt, text, 24, *((0.5, 9.0, 0.001) if name == prompt else (-0.1, -1.0, 0.5)), 9.0, 0.001, 2.0)
        for name in names
        for prompt, text in prompts.items()
    ]
    return pd.DataFrame(rows, columns=list(shift_in_words.COLUMNS))


def write_words(folder, names, prompts):
    """Write such a shift; return the arguments that name it."""
    words = words_table(names, prompts)
    claims = published_claims.read(PROJECT / "paper" / "claims.yaml").word_claims
    tables.write_csv(folder / "words.csv", words)
    tables.write_csv(folder / "word_claims.csv", verdicts.as_table(word_claims.judge(claims, words)))
    return ["--words", str(folder / "words.csv"), "--word-claims", str(folder / "word_claims.csv")]


def write_acquisition(folder, dataset):
    """Write what became of a dataset's URLs; return the arguments that name it."""
    rows = [("ok", "", 7), ("ok", "same content as an earlier URL", 2), ("dead", "404 & 50 %", 11_111)]
    columns = ["status", "reason", "n"]
    tables.write_rows(folder / "acquisition.csv", columns, [dict(zip(columns, row, strict=True)) for row in rows])
    return ["--acquired", dataset, "--acquisitions", str(folder / "acquisition.csv")]


def write_precision(folder, ratio):
    """Write the errors of an encoder in reduced precision; return the arguments that name them."""
    row = ("bf16", "cosine_similarity", 160, 1e-5, 2e-5, 1e-5 * ratio, "augmentation_0", ratio)
    tables.write_csv(folder / "precision.csv", pd.DataFrame([row], columns=precision.COLUMNS))
    return ["--reduced", "CLIP & Co on 50 %", "--precisions", str(folder / "precision.csv")]


def write_encoder_comparison(folder, same_weights=False):
    """Write how alike two encoders rank; return the arguments that name it."""
    agreement = (3, 2, *([math.nan] * 6 if same_weights else (0.5, 0.25, 0.75, 0.625, 0.375, 0.875)), same_weights)
    rows = [(metric, "model_0", "model_1", *agreement) for metric in ("cosine_similarity", "l2_distance")]
    tables.write_csv(folder / "agreement.csv", pd.DataFrame(rows, columns=rank_agreement.AGREEMENT_COLUMNS))
    differences = [
        ("cosine_similarity", "model_0", "model_1", f"augmentation_{place}", 3, 0.125, 0.0625, 0.25, 0.5, 0.01, p_value)
        for place, p_value in enumerate(() if same_weights else (0.04, 0.06))
    ]
    frame = pd.DataFrame(differences, columns=encoder_differences.COLUMNS)
    tables.write_csv(folder / "encoder_differences.csv", frame)
    return [
        *("--rank-agreement", str(folder / "agreement.csv")),
        *("--encoder-differences", str(folder / "encoder_differences.csv")),
    ]


def sentences_of(inputs):
    """Return the generated sentences by the name of their macro, or by its parts where it has several."""
    return {parts[0] if len(parts) == 1 else parts: text for parts, text in sentences.all_sentences(inputs)}


def read_run_with_study(folder):
    """Write a run of three augmentations with a study; return what the paper is written from."""
    names = [f"augmentation_{place}" for place in range(3)]
    arguments = write_results(folder, ["A", "B", "C"], 3, value=lambda place, metric: (0.875, 0.625, 0.25)[place])
    return read(arguments + write_study(folder, names))
