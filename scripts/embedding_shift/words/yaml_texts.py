"""Read YAML files of texts with slots, and refuse what cannot be used."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from embedding_shift.errors import InputError, one_line


def read(path: str | Path, keys: Sequence[str], option: str) -> dict[str, Any]:
    """Return the content of a file that has exactly these keys.

    Args:
        path: the file.
        keys: the keys.
        option: the last part of the file's key in the configuration, below `words`.

    Raises:
        InputError: the file does not exist, is not YAML, or has other keys.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"there is no file {path} with {option} (config: words.{option})") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not YAML: {one_line(error)}") from None
    if not isinstance(content, dict) or set(content) != set(keys):
        raise InputError(f"{path} must have exactly the keys {', '.join(keys)}")
    return content


def refuse_other_lists(found: Any, where: str) -> None:
    """Refuse what is no list of different texts that are not empty.

    Raises:
        InputError: it is something else; `where` says what it is.
    """
    if not isinstance(found, list) or not found or not all(isinstance(text, str) and text.strip() for text in found):
        raise InputError(f"{where} must be a list of texts")
    if repeated := [text for text in found if found.count(text) > 1]:
        raise InputError(f"{where} holds {repeated[0]!r} more than once")


def refuse_without_slots(text: Any, slots: Sequence[str], where: str) -> None:
    """Refuse what is no text with these slots.

    Raises:
        InputError: it is something else; `where` says what it is.
    """
    if not isinstance(text, str):
        raise InputError(f"{where} must be a text")
    for slot in slots:
        if slot not in text:
            raise InputError(f"{where} has no {slot}: {text!r}")
