"""Which datasets are given pairs (config: datasets of kind `pairs`), and the tables of their counterparts."""


def is_paired(dataset):
    """Return whether the views of a dataset are given counterparts."""
    return config["datasets"][dataset]["kind"] == counterparts.PAIRS


NO_NAME = "(?!)"  # a constraint that no value of a wildcard meets


def one_of(names):
    """Return the constraint of a wildcard to some names, which may be none."""
    return "|".join(names) or NO_NAME


# Constraints of the wildcard `dataset`: a run makes the views of a dataset, or they are given.
PAIRED = one_of(filter(is_paired, DATASETS))
UNPAIRED = one_of(name for name in DATASETS if not is_paired(name))


def counterpart_tables(name, *wildcards):
    """Return an input function for a table of every counterpart of a dataset; an empty list if it has none."""
    paths = every(f"results/{{dataset}}/counterparts/{{augmentation}}/{name}.csv", "augmentation", *wildcards)
    return lambda wildcards: collect(paths, dataset=list(filter(is_paired, [wildcards.dataset])))
