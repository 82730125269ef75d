"""The numbers that the paper's text cites, as macros."""

from itertools import combinations
from math import comb, isnan, nan

from embedding_shift.claims import verdicts as claims
from embedding_shift.paper import latex, study_macros
from embedding_shift.statistics import clustering

SUMMARY_COLUMNS = ("mean", "std", "ci_low", "ci_high", "n")


def numbers(inputs):
    """Return the (name parts, LaTeX) pairs of all macros, from PaperInputs."""
    main = inputs.main
    return [
        *_run(inputs),
        *_extremes(main),
        *_released_patch(main),
        *_pairs(inputs),
        *_verdicts(inputs),
        *study_macros.numbers(inputs),
        *_cells(inputs),
    ]


def counted(count, noun):
    """Return a count with its noun: `1 image`, `24 images`, `no image`."""
    if count == 0:
        return f"no {noun}"
    return f"{latex.number(count)} {noun}{'' if count == 1 else 's'}"


def _run(inputs):
    main, settings = inputs.main, inputs.settings
    figures, bootstrap = settings["figures"], settings["bootstrap"]
    n_images, n_rejected = len(inputs.manifest), len(inputs.rejects)
    models = list(dict.fromkeys(results.model for results in inputs.results))
    datasets = list(dict.fromkeys(results.dataset for results in inputs.results))
    counts = {
        "images": n_images,
        "rejected_images": n_rejected,
        "augmentations": len(main.augmentations),
        "metrics": len(main.metrics(overview=True)),
        "views": n_images * (1 + len(main.augmentations)),
        "models": len(models),
        "datasets": len(datasets),
        "attention_grid_pages": figures["attention_grid_pages"],
        "attention_samples": min(figures["attention_samples"], n_images),
        "cosine_samples": min(figures["cosine_samples"], n_images),
        "bootstrap_resamples": bootstrap["resamples"],
    }
    yield from ((("num", name), latex.number(count)) for name, count in counts.items())
    yield ("dataset_label",), latex.escape(main.dataset)
    yield ("model_label",), latex.escape(main.model)
    yield ("all_dataset_labels",), "; ".join(map(latex.escape, datasets))
    yield ("all_model_labels",), "; ".join(map(latex.escape, models))
    yield ("image_count",), counted(n_images, "image")
    yield ("rejected_image_count",), counted(n_rejected, "image")
    yield ("augmentation_count",), counted(len(main.augmentations), "augmentation")
    yield ("metric_count",), counted(counts["metrics"], "metric")
    yield ("wanted_sentence",), _wanted(settings["n_images"], n_images)
    yield from _attention(inputs.results)
    yield ("page_count",), counted(counts["attention_grid_pages"], "page")
    yield ("seed",), str(settings["seed"])
    yield ("image_size",), str(settings["image_size"])
    yield ("confidence_percent",), rf"{100 * bootstrap['confidence']:g}\,\%"
    level = 1 - bootstrap["confidence"]
    yield ("significance_percent",), rf"{100 * level:.4g}\,\%"
    yield ("few_images_sentence",), _few_images(n_images, len(main.augmentations), level)
    yield ("cluster_cut",), f"{clustering.CUT:g}"


def _wanted(wanted, found):
    """Say how many images the configuration asks for, where it does."""
    if wanted is None:
        return ""
    if found < wanted:
        return (
            f"The configuration asks for {counted(wanted, 'image')}; no more than {latex.number(found)} could be used."
        )
    return "That is the number that the configuration asks for."


def _few_images(images, augmentations, level):
    """Say that the corrected test can find nothing, where the images are too few for it."""
    if 2.0 ** (1 - images) * comb(augmentations, 2) <= level:
        return ""
    return (
        f"On {counted(images, 'image')} the smallest $p$ value that there can be, once corrected, is above that level: "
        "whatever they do, this test tells no two augmentations apart."
    )


def _attention(results):
    """Whether the main encoder has attention maps, what tables say where it has none, and which encoders have none."""
    main = results[0]
    measured = bool(main.ranked("attention_similarity"))
    yield ("attention_measured",), str(int(measured))
    without = f" {latex.ABSENT}: not applicable, since no attention map of {latex.escape(main.model)} is known."
    yield ("attention_note",), "" if measured else without
    lacking = dict.fromkeys(latex.escape(entry.model) for entry in results if not entry.ranked("attention_similarity"))
    sentence = f"No attention map is known for {'; '.join(lacking)}: what compares attention is not applicable."
    yield ("without_attention_sentence",), sentence if lacking else ""


def _extremes(main):
    """The augmentations that change the least and the most, by embedding and by attention."""
    for quantity, metric in (("shift", "cosine_similarity"), ("attention_change", "attention_similarity")):
        ranked = main.ranked(metric)
        for extreme, name in (("largest", ranked[0]), ("smallest", ranked[-1])) if ranked else ():
            label = latex.escape(main.augmentations[name])
            yield (extreme, quantity, "augmentation"), label
            yield (extreme, quantity, "value"), latex.number(main.value(name, metric))
            low, high = main.value(name, metric, "ci_low"), main.value(name, metric, "ci_high")
            yield (extreme, quantity, "interval"), latex.interval(low, high)
        for extreme in () if ranked else ("largest", "smallest"):
            yield from (((extreme, quantity, part), latex.ABSENT) for part in ("augmentation", "value", "interval"))


def _released_patch(main):
    """The range over augmentations of the patch similarity, as it is and as it was released."""
    for name, metric in (("corrected", "patch_similarity"), ("released", "patch_similarity_as_released")):
        values = [main.value(augmentation, metric) for augmentation in main.augmentations]
        values = [value for value in values if not isnan(value)] or [nan]
        yield (name, "patch_lowest"), latex.number(min(values))
        yield (name, "patch_highest"), latex.number(max(values))


def _pairs(inputs):
    """The pairs of augmentations whose embeddings lie closest and furthest apart, and the one furthest from all."""
    labels, distance = inputs.main.augmentations, inputs.distance
    ranked = sorted(combinations(labels, 2), key=lambda pair: distance.at[pair])
    if not ranked:
        yield ("pair_sentence",), "With a single augmentation there is no pair to compare."
        return
    closest, furthest = (
        rf"\emph{{{latex.escape(labels[pair[0]])}}} and \emph{{{latex.escape(labels[pair[1]])}}} "
        f"({latex.number(distance.at[pair])})"
        for pair in (ranked[0], ranked[-1])
    )
    means = distance.sum() / (len(labels) - 1)
    alone = max(labels, key=lambda name: means[name])
    yield (
        ("pair_sentence",),
        f"Here the two closest are {closest}, and the two furthest apart are {furthest}; the one whose mean distance "
        f"to all others is largest is \\emph{{{latex.escape(labels[alone])}}} ({latex.number(means[alone])}).",
    )


def _verdicts(inputs):
    """How many of the published claims this run supports, contradicts, and leaves open."""
    verdicts = [row["verdict"] for row in inputs.claims]
    yield ("claim_count",), counted(len(verdicts), "claim")
    for verdict in (claims.SUPPORTED, claims.CONTRADICTED, claims.NOT_RESOLVED):
        yield ("num_claims", verdict), latex.number(verdicts.count(verdict))


def _cells(inputs):
    main = inputs.main
    for metric in main.metrics():
        for augmentation in main.augmentations:
            for column in SUMMARY_COLUMNS:
                value = main.value(augmentation, metric.name, column)
                value = int(value) if column == "n" and not isnan(value) else value
                yield (column, metric.name, augmentation), latex.number(value)
    for first, second in combinations(main.augmentations, 2):
        yield ("distance", first, "and", second), latex.number(inputs.distance.at[first, second])
