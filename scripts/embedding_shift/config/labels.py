"""Check the labels of datasets, models and augmentations, which figures and the paper show."""

import unicodedata
from typing import Any

from embedding_shift.config import counterparts
from embedding_shift.errors import InputError

SECTIONS = ("datasets", "models", "augmentations")
UNKNOWN = ("Cn", "Co", "Cs")  # Unicode categories without a meaning: unassigned, private use, half of a character
INVISIBLE = ("Cc", "Cf", "Mn", "Zl", "Zp", "Zs")


def check(config: dict[str, Any]) -> None:
    """Raise InputError if a label is empty, cannot be shown, or is that of another entry of its section.

    An entry without a label is shown by its name.
    """
    for section in SECTIONS:
        names: dict[str, str] = {}
        key = counterparts.key_of_augmentations(config) if section == "augmentations" else section
        for name, entry in config[section].items():
            where = f"configuration key '{key}.{name}.label'"
            label = _shown(entry.get("label", name))
            _refuse_characters(where, label)
            if label in names:
                raise InputError(
                    f"{where}: found {label!r}, which is the label of {names[label]!r}; labels must differ"
                )
            names[label] = name


def _shown(label: str) -> str:
    """Return a label as figures and the paper show it: a line without repeated spaces."""
    return " ".join(unicodedata.normalize("NFC", label).split())


def _refuse_characters(where: str, label: str) -> None:
    categories = {character: unicodedata.category(character) for character in label}
    if all(category in INVISIBLE for category in categories.values()):
        raise InputError(f"{where}: found {label!r}; it must not be empty")
    for character, category in categories.items():
        if category in UNKNOWN or category == "Cc":
            raise InputError(f"{where}: found {label!r}; the character U+{ord(character):04X} cannot be shown")
