"""Names of the tables and figures of the study (config: study), which is off if it has no images."""

STUDY = config["study"]["images"] > 0
STUDY_TABLES = [
    "noise_floor",
    "dose_response",
    "dose_start",
    "equal_damage",
    "variance",
    "audit",
    "audit_ranks",
    "audit_claims",
    "few_images",
]
# The transforms of the augmentations that consist of several.
LISTS = {name: [step["transform"] for step in steps_of(entry)] for name, entry in config["augmentations"].items()}
LISTS = {name: transforms for name, transforms in LISTS.items() if len(transforms) > 1}
LIST_TABLES = ["steps"] if LISTS else []
DOSED = {name: entry for name, entry in config["augmentations"].items() if "dose" in entry}


def dose_scale(wildcards):
    """Return the dose scale of the augmentation as JSON; null if it has none."""
    return as_json(config["augmentations"][wildcards.augmentation].get("dose"))


def dose_settings():
    """Return the dose that the configured parameters stand for, by augmentation, as JSON."""
    return as_json({name: entry["dose"]["setting"] for name, entry in DOSED.items()})


def study_targets():
    """Return the tables and figures of the study of every dataset and model."""
    results = [f"{table}.csv" for table in [*STUDY_TABLES, *LIST_TABLES]]
    results += [f"figures/{figure}.pdf" for figure in figure_names("study")]
    found = collect("results/{dataset}/{model}/{result}", dataset=DATASETS, model=MODELS, result=results)
    return found if STUDY else []
