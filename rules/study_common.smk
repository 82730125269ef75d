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
# The augmentations that consist of several transforms.
LISTS = [name for name, entry in config["augmentations"].items() if len(steps_of(entry)) > 1]
LIST_TABLES = ["steps"] if LISTS else []
CARD_TABLES = ["dose_neighbours", "augmentation_card"]
DOSED = {name: entry for name, entry in config["augmentations"].items() if "dose" in entry}


def dose_scale(wildcards):
    """Return the dose scale of the augmentation as JSON; null if it has none."""
    return as_json(config["augmentations"][wildcards.augmentation].get("dose"))


def dose_settings():
    """Return the dose that the configured parameters stand for, by augmentation, as JSON."""
    return as_json({name: entry["dose"]["setting"] for name, entry in DOSED.items()})


def study_figures():
    """Return the file names of the figures of the study, and of its lists of transforms if there are any."""
    return figure_names("study") + (figure_names("lists") if LISTS else [])


def study_targets():
    """Return the tables and figures of the study of every dataset and model."""
    results = [f"{table}.csv" for table in [*STUDY_TABLES, *LIST_TABLES, *CARD_TABLES]]
    results += [f"figures/{figure}.pdf" for figure in study_figures()]
    found = collect("results/{dataset}/{model}/{result}", dataset=DATASETS, model=MODELS, result=results)
    return found if STUDY else []
