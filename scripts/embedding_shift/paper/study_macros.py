"""The numbers and sentences of the study that the paper's text cites, as macros."""

from itertools import pairwise
from math import nan

from embedding_shift.metrics import registry
from embedding_shift.paper import latex
from embedding_shift.paper.tables import study_tables
from embedding_shift.study import variant_names

METRIC = "cosine_similarity"


def numbers(inputs):
    """Return the (name parts, LaTeX) pairs of the study; where there was none, only that there was none."""
    study, main = inputs.study, inputs.main
    yield ("study_done",), str(int(bool(study)))
    if study:
        settings = inputs.settings["study"]
        images = min(settings["images"], len(inputs.manifest))
        yield ("num_study_images",), latex.number(images)
        yield ("ceiling_done",), str(int(images > 1))
        yield ("num_study_draws",), latex.number(settings["draws"])
        share = settings["failure_share"]
        replaced = f"{study_tables.percent(share)} of the views, and at least one," if share else "none of the views"
        yield ("audit_replaced",), replaced
        yield from _floor(study["noise_floor"], main)
        yield ("equal_damage_done",), str(int(not study["equal_damage"].empty))
        yield ("equal_damage_sentence",), _equal_damage(study["equal_damage"], main.augmentations)
        yield ("variance_sentence",), _variance(study["variance"])
        yield ("audit_claims_sentence",), _audit_claims(study["audit_claims"])


def _floor(frame, main):
    """How many augmentations lie, in the mean, beyond the floor and beyond the ceiling."""
    means = frame[frame["metric"] == METRIC].set_index("reference")["mean"]
    shifts = [main.value(name, METRIC) for name in main.augmentations]
    for name, reference in (("beyond_floor", variant_names.JPEG), ("beyond_ceiling", variant_names.ANOTHER)):
        level = means.get(reference, nan)
        beyond = nan if level != level else int(sum(shift < level for shift in shifts))
        yield ("num", name), latex.number(beyond)


def _equal_damage(frame, labels):
    """Say for each measure of damage how many ranks change, and which augmentation then shifts the embedding most."""
    frame = frame[frame["metric"] == METRIC]
    sentences = []
    for measure, block in frame.groupby("damage", sort=False):
        changed = latex.number(int((block["rank"] != block["rank_at_setting"]).sum()))
        most = latex.escape(labels[block.sort_values("rank", kind="stable")["augmentation"].iloc[0]])
        sentences.append(
            f"At equal {study_tables.DAMAGE_LABELS[measure]} the number of ranks that change is {changed} of "
            f"{latex.number(len(block))}, and the largest shift is that of \\emph{{{most}}}; of the "
            f"{latex.number(len(block) - 1)} pairs of neighbours in that order, {latex.number(_overlaps(block))} have "
            "intervals that overlap."
        )
    return (
        " ".join(sentences)
        or "There is no damage that two augmentations reach on their doses, so that none can be compared."
    )


def _overlaps(block):
    """Return how many neighbours in the order of their values have intervals that overlap."""
    ordered = list(block.sort_values("value").itertuples())
    return sum(lower.ci_high >= upper.ci_low for lower, upper in pairwise(ordered))


def _variance(frame):
    """Say which part of the variance of the cosine similarity each component has."""
    shares = frame[frame["metric"] == METRIC].set_index("component")["share"]
    parts = [
        f"{study_tables.percent(shares[name])} {words}"
        for name, words in (
            ("augmentation", "between augmentations"),
            ("image", "between images"),
            ("image_by_augmentation", "in how images differ from one augmentation to another"),
            ("draw", "between draws of the same augmentation on the same image"),
        )
        if name in shares.index
    ]
    if not shares.sum() > 0:
        return "The cosine similarity has no variance to split."
    joined = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"The variance of the cosine similarity splits into {joined}. {_draws(frame)}"


def _draws(frame):
    """Say for which metrics the draw outweighs all that images bring, so that one draw says little of one image."""
    table = frame.pivot(index="metric", columns="component", values="share").fillna(0)
    if "draw" not in table:
        return ""
    images = sum(table[name] for name in ("image", "image_by_augmentation") if name in table)
    outweighed = [metric.label for metric in registry.in_order() if metric.name in table[table["draw"] > images].index]
    if not outweighed:
        return "For no metric does the draw outweigh what images have to do with it."
    names = latex.escape("; ".join(outweighed))
    return (
        f"Where the draw outweighs what images have to do with it ({names}), one draw per image, as in the original "
        "study and in the main run here, says little about a single image."
    )


def _audit_claims(frame):
    """Say how many claims change their verdict under any flaw."""
    changed = frame[frame["corrected"] != frame["as_released"]]
    if changed.empty:
        return "No claim changes its verdict under any of them."
    count, total = changed["claim"].nunique(), frame["claim"].nunique()
    alone = changed.loc[changed["flaw"] != "all", "claim"].nunique()
    return (
        f"The number of claims that change their verdict under at least one of them is {latex.number(count)} of "
        f"{latex.number(total)}; under a flaw by itself, it is {latex.number(alone)}."
    )
