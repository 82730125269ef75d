"""Parts of a JSON Schema in words, for error messages and for the documentation page."""

from collections.abc import Sequence
from typing import Any

Schema = dict[str, Any]

TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
}


def types_in_words(names: str | Sequence[str]) -> str:
    """Return the value of the keyword `type` in words."""
    return " or ".join(TYPES[name] for name in ([names] if isinstance(names, str) else names))


def range_in_words(schema: Schema) -> str:
    """Return the bounds of a number in words; an empty text without bounds."""
    return " and ".join(text.format(schema[keyword]) for keyword, text in BOUNDS.items() if keyword in schema)
