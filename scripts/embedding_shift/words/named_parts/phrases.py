"""The phrases by which parts of an encoder are named."""

from pathlib import Path
from typing import NamedTuple

from embedding_shift.errors import InputError
from embedding_shift.words import yaml_texts

PHRASE = "{phrase}"
FEWEST = 3  # Without their mean, two phrases would have one direction.


class Phrases(NamedTuple):
    """The content of a file such as config/phrases.yaml.

    Attributes:
        text: a text with `{phrase}`, which is encoded.
        phrases: the phrases by the name of their group.
    """

    text: str
    phrases: dict[str, list[str]]

    def texts(self) -> dict[str, str]:
        """Return the text of every phrase by the phrase."""
        return {phrase: self.text.replace(PHRASE, phrase) for group in self.phrases.values() for phrase in group}


def read(path: str | Path) -> Phrases:
    """Read a file of phrases.

    Raises:
        InputError: the file does not exist, a key is missing, unknown, of another type or without its slot, a phrase
            occurs twice, or there are fewer than FEWEST.
    """
    content = yaml_texts.read(path, Phrases._fields, "phrases")
    yaml_texts.refuse_without_slots(content["text"], (PHRASE,), f"{path}: 'text'")
    groups = content["phrases"]
    if not isinstance(groups, dict) or not all(isinstance(group, list) for group in groups.values()):
        raise InputError(f"{path}: 'phrases' must hold a list of phrases per group")
    phrases = [phrase for group in groups.values() for phrase in group]
    yaml_texts.refuse_other_lists(phrases, f"{path}: 'phrases'")
    if len(phrases) < FEWEST:
        raise InputError(f"{path}: 'phrases' needs at least {FEWEST} phrases, which are compared with each other")
    return Phrases(**content)
