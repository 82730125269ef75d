"""Runs on given pairs: every view is the counterpart that another program made of an image."""

from collections.abc import Iterator
from typing import Any

from embedding_shift.errors import InputError

PAIRS = "pairs"  # the kind of a dataset
SHOWN = ("label", "color")


def is_table(path: str) -> bool:
    """Return whether the originals of pairs at `path` are listed in a table and not a folder."""
    return path.lower().endswith(".csv")


def paths(config: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the dataset, the name and the entry of every counterpart in a validated configuration."""
    for dataset, entry in config["datasets"].items():
        for name, counterpart in entry.get("counterparts", {}).items():
            yield dataset, name, counterpart


def key_of_augmentations(config: dict[str, Any]) -> str:
    """Return the key of a validated configuration that its user gave the names and labels of augmentations by."""
    return next((f"datasets.{dataset}.counterparts" for dataset, _, _ in paths(config)), "augmentations")


def become_augmentations(config: dict[str, Any]) -> None:
    """Take the augmentations of a run on given pairs from the counterparts of its datasets, in place.

    They have no transform. Their labels and colours are those of the first dataset that gives them.

    Args:
        config: the configuration, which agrees with the schema.

    Raises:
        InputError: only some datasets are pairs, they have different counterparts, or the configuration asks for views
            that the run would have to make.
    """
    paired = [name for name, entry in config["datasets"].items() if entry["kind"] == PAIRS]
    augmentations = config.setdefault("augmentations", {})
    if not paired:
        if not augmentations:
            raise InputError("configuration key 'augmentations': it is empty; at least one entry is required")
        return
    _refuse_other_views(config, paired)
    found: dict[str, dict[str, Any]] = {}
    for _, name, counterpart in paths(config):
        shown = {key: counterpart[key] for key in SHOWN if key in counterpart}
        found[name] = {"transform": [], "parameters": {}} | shown | found.get(name, {})
    config["augmentations"] = found


def _refuse_other_views(config: dict[str, Any], paired: list[str]) -> None:
    datasets = config["datasets"]
    for name, entry in datasets.items():
        if name not in paired:
            raise InputError(
                f"configuration key 'datasets.{name}.kind': found {entry['kind']!r}, but {paired[0]!r} has the kind "
                "'pairs'; all datasets of a run are pairs or none is"
            )
        own, expected = (list(datasets[each]["counterparts"]) for each in (name, paired[0]))
        if set(own) != set(expected):
            raise InputError(
                f"configuration key 'datasets.{name}.counterparts': found {', '.join(own)}; the names must be those of "
                f"{paired[0]!r}: {', '.join(expected)}"
            )
    if config["augmentations"]:
        raise InputError(
            f"configuration key 'augmentations': found {', '.join(config['augmentations'])}; a run on pairs measures "
            "given counterparts only: set `augmentations: null`"
        )
    if config["study"]["images"]:
        raise InputError(
            f"configuration key 'study.images': found {config['study']['images']}; given counterparts have no other "
            "draws and doses to study: set `study: null`"
        )
