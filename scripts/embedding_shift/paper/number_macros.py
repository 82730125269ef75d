"""Write the numbers and labels that the text of the paper cites as macros.

`latex.number` formats them, and `latex.macros` writes the definitions.
"""

from collections.abc import Iterator
from itertools import combinations
from math import isnan, nan

from embedding_shift.claims import verdicts
from embedding_shift.paper import findings, latex
from embedding_shift.paper.inputs import PaperInputs, Results
from embedding_shift.paper.latex import Macro
from embedding_shift.plots.figures import pages_of_notable_images
from embedding_shift.statistics import clustering
from embedding_shift.study.variants import variant_names

SUMMARY_COLUMNS = ("mean", "std", "ci_low", "ci_high", "n")


def numbers(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the macros of all numbers and labels."""
    yield from _counts(inputs)
    yield from _settings(inputs)
    yield from _extremes(inputs.main)
    yield from _patch_similarity(inputs.main)
    yield from _verdicts(inputs)
    yield from _flags(inputs)
    yield from _study(inputs)
    yield from _cells(inputs)


def _counts(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the counts of the run."""
    main, figures, n_images = inputs.main, inputs.settings["figures"], len(inputs.manifest)
    counts = {
        "images": n_images,
        "rejected_images": len(inputs.rejected_images),
        "augmentations": len(main.augmentations),
        "metrics": len(main.metrics(overview=True)),
        "views": n_images * (1 + len(main.augmentations)),
        "models": len({results.model for results in inputs.results}),
        "datasets": len({results.dataset for results in inputs.results}),
        "attention_grid_pages": figures["attention_grid_pages"],
        "notable_image_pages": pages_of_notable_images(len(main.augmentations)),
        "attention_samples": min(figures["attention_samples"], n_images),
        "cosine_samples": min(figures["cosine_samples"], n_images),
        "bootstrap_resamples": inputs.settings["bootstrap"]["resamples"],
    }
    yield from ((("num", name), latex.number(count)) for name, count in counts.items())


def _settings(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the labels and settings of the run."""
    main, settings = inputs.main, inputs.settings
    confidence = settings["bootstrap"]["confidence"]
    yield ("dataset_label",), latex.escape(main.dataset)
    yield ("model_label",), latex.escape(main.model)
    yield ("all_dataset_labels",), "; ".join(dict.fromkeys(latex.escape(entry.dataset) for entry in inputs.results))
    yield ("all_model_labels",), "; ".join(dict.fromkeys(latex.escape(entry.model) for entry in inputs.results))
    yield ("seed",), str(settings["seed"])
    yield ("image_size",), str(settings["image_size"])
    yield ("confidence_percent",), rf"{100 * confidence:g}\,\%"
    yield ("significance_percent",), rf"{100 * (1 - confidence):.4g}\,\%"
    yield ("cluster_cut",), f"{clustering.CUT:g}"


def _extremes(main: Results) -> Iterator[Macro]:
    """Yield the augmentations with the largest and the smallest change of the embedding and of the attention."""
    for quantity, metric in (("shift", "cosine_similarity"), ("attention_change", "attention_similarity")):
        ranked = main.ranked(metric)
        for extreme, name in (("largest", ranked[0]), ("smallest", ranked[-1])) if ranked else ():
            yield (extreme, quantity, "augmentation"), latex.escape(main.augmentations[name])
            yield (extreme, quantity, "value"), latex.number(main.value(name, metric))
            yield (extreme, quantity, "interval"), main.interval(name, metric)
        for extreme in () if ranked else ("largest", "smallest"):
            yield from (((extreme, quantity, part), latex.ABSENT) for part in ("augmentation", "value", "interval"))


def _patch_similarity(main: Results) -> Iterator[Macro]:
    """Yield the range over augmentations of the patch similarity, corrected and as released."""
    for name, metric in (("corrected", "patch_similarity"), ("released", "patch_similarity_as_released")):
        values = [main.value(augmentation, metric) for augmentation in main.augmentations]
        values = [value for value in values if not isnan(value)] or [nan]
        yield (name, "patch_lowest"), latex.number(min(values))
        yield (name, "patch_highest"), latex.number(max(values))


def _verdicts(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the number of published claims per verdict."""
    found = [item.judgement.verdict for item in findings.judged_claims(inputs)]
    yield ("num_claims",), latex.number(len(found))
    yield from ((("num_claims", verdict), latex.number(found.count(verdict))) for verdict in verdicts.VERDICTS)


def _flags(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield 1 or 0 for each part of the paper that only some runs have."""
    parts = {
        "several_images": len(inputs.manifest) > 1,
        "views_given": inputs.views_given,
        "study_done": bool(inputs.study),
        "steps_tabulated": inputs.steps is not None,
        "mechanism_done": bool(inputs.mechanism),
        "words_told": inputs.words is not None and not inputs.words.empty,
        "attack_done": bool(inputs.adversarial),
        "attack_transferred": "transfer" in inputs.adversarial,
        "parts_named": bool(inputs.named_parts) and not inputs.named_parts["head_words"].empty,
        "damage_measured": inputs.text_damage is not None and not inputs.text_damage.empty,
        "results_compared": len(inputs.results) > 1,
        "encoders_compared": inputs.rank_agreement is not None,
        "images_downloaded": bool(inputs.acquisitions),
        "precision_reduced": bool(inputs.precisions),
        "values_excluded": bool(inputs.exclusions),
    }
    yield from (((name,), str(int(present))) for name, present in parts.items())


def _study(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield the numbers of the study; none without a study."""
    study, settings = inputs.study, inputs.settings["study"]
    if study:
        yield ("other_precision",), f"{variant_names.other_precision(inputs.precision)} instead of {inputs.precision}"
        yield ("num_study_images",), latex.number(inputs.study_images)
        yield ("num_study_draws",), latex.number(settings["draws"])
        for name, reference in (("beyond_floor", variant_names.JPEG), ("beyond_ceiling", variant_names.ANOTHER)):
            beyond = findings.beyond(inputs, reference)
            yield ("num", name), latex.ABSENT if beyond is None else latex.number(len(beyond))


def _cells(inputs: PaperInputs) -> Iterator[Macro]:
    """Yield every cell of the summary and of the distances between augmentations."""
    main = inputs.main
    for metric in main.metrics():
        for augmentation in main.augmentations:
            for column in SUMMARY_COLUMNS:
                value = main.value(augmentation, metric.name, column)
                value = int(value) if column == "n" and not isnan(value) else value
                yield (column, metric.name, augmentation), latex.number(value)
    for first, second in combinations(main.augmentations, 2):
        yield ("distance", first, "and", second), latex.number(inputs.distance_between(first, second))
