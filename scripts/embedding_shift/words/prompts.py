"""The prompts in which a shift is told: one per augmentation, and random words for comparison."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from embedding_shift.errors import InputError
from embedding_shift.words import yaml_texts

NOUN, WORD = "{noun}", "{word}"
NEUTRAL = "neutral"
LISTS = ("nouns", "words")


class Prompts(NamedTuple):
    """The content of a file such as config/prompts.yaml.

    Attributes:
        neutral: the text without a word for an augmentation, with `{noun}`.
        random: a text with `{word}` and `{noun}`.
        prompts: a text with `{noun}` by name, which is usually that of an augmentation.
        nouns: what the photographs may show.
        words: the words from which random pairs are drawn.
    """

    neutral: str
    random: str
    prompts: dict[str, str]
    nouns: list[str]
    words: list[str]

    def texts(self) -> dict[str, str]:
        """Return every text by its id: the template, and the number of its noun."""
        templates = {NEUTRAL: self.neutral} | {prompt_id(name): text for name, text in self.prompts.items()}
        templates |= {word_id(number): self.random.replace(WORD, word) for number, word in enumerate(self.words)}
        return {
            text_id(template, number): text.replace(NOUN, noun)
            for template, text in templates.items()
            for number, noun in enumerate(self.nouns)
        }


def prompt_id(name: str) -> str:
    """Return the id of a prompt's template."""
    return f"prompt {name}"


def word_id(number: int) -> str:
    """Return the id of the template of a random word."""
    return f"word {number}"


def text_id(template: str, noun: int) -> str:
    """Return the id of the text of a template and the number of a noun."""
    return f"{template}, noun {noun}"


def read(path: str | Path) -> Prompts:
    """Read a file of prompts.

    Raises:
        InputError: the file does not exist, or a key is missing, unknown, of another type or without its slot.
    """
    content = yaml_texts.read(path, Prompts._fields, "prompts")
    for name in LISTS:
        yaml_texts.refuse_other_lists(content[name], f"{path}: {name!r}")
    if len(content["words"]) < 2:
        raise InputError(f"{path}: 'words' needs at least two words, from which pairs are drawn")
    if not isinstance(content["prompts"], dict) or not content["prompts"]:
        raise InputError(f"{path}: 'prompts' must hold one text per name")
    templates: Mapping[Any, Any] = content["prompts"] | {name: content[name] for name in (NEUTRAL, "random")}
    for name, text in templates.items():
        yaml_texts.refuse_without_slots(text, (NOUN, WORD) if name == "random" else (NOUN,), f"{path}: {name!r}")
    return Prompts(**content | {"prompts": {str(name): text for name, text in content["prompts"].items()}})
