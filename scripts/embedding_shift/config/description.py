"""Generate the documentation page of the configuration, docs/configuration.md, from the schema."""

import json
from typing import Any

from embedding_shift.config.schema_text import Schema, range_in_words, types_in_words

INTRODUCTION = """\
<!-- Written by `make docs` from config/schema.yaml: edit that file instead of this one. -->

# Configuration

Every run reads `config.yaml`, which lies beside the Snakefile. A file given with `--configfile FILE` is merged into it
key by key; its new datasets, models and augmentations come after those of `config.yaml`, in the order of the file. To
leave out a dataset, a model or an augmentation of `config.yaml`, set it to `null` in such a file. A section that is
`null`, such as `study: null`, gets its defaults. `--configfile` takes all words up to the next option for names of
files, so write `--` before a target: `--configfile FILE -- TARGET`.
`--config KEY=VALUE` sets a key of the first table for one run. The whole configuration is checked before the first job
starts. An unknown key, a missing key or a value that is not allowed stops the run with one sentence that names the key.
Some values can be checked only by a library or against a file: the arguments of a transform, the name of an encoder,
the images in a folder. The first jobs check these in the same way; jobs that do not depend on them continue.
"""


def describe(schema: Schema) -> str:
    """Return the documentation page in Markdown: a table of keys for the top level and for every section."""
    return "\n".join([INTRODUCTION, *_section("", schema)])


def _section(path: str, schema: Schema) -> list[str]:
    """Return the lines of one table, followed by those of its subsections."""
    lines = [f"## `{path}`", "", _escaped(schema.get("description", "")), ""] if path else []
    lines += ["| key | value | default | meaning |", "|---|---|---|---|"]
    subsections = []
    for key, entry in schema["properties"].items():
        below = f"{path}.{key}" if path else key
        content, items = entry.get("additionalProperties"), entry.get("items", {})
        if "properties" in entry:
            subsections += _section(below, entry)
        elif "properties" in items:
            subsections += _section(f"{below}[]", items)
        elif isinstance(content, dict) and "properties" in content:
            subsections += _section(f"{below}.NAME", content | {"description": _with_name_rule(entry)})
        cells = f"`{key}`", _allowed(entry), _when_left_out(key, entry, schema), entry["description"]
        lines.append(f"| {' | '.join(map(_escaped, cells))} |")
    return [*lines, "", *subsections]


def _with_name_rule(entry: Schema) -> str:
    needs = entry["propertyNames"]["needs"]
    return f"{entry['description']} {needs[0].upper()}{needs[1:]}."


def _allowed(entry: Schema) -> str:
    if "enum" in entry:
        return ", ".join(f"`{value}`" for value in entry["enum"])
    return ", ".join(filter(None, (types_in_words(entry["type"]), range_in_words(entry), entry.get("needs"))))


def _when_left_out(key: str, entry: Schema, schema: Schema) -> str:
    if key in schema.get("required", []):
        return "required"
    kinds = [
        clause["if"]["properties"]["kind"]["const"]
        for clause in schema.get("allOf", [])
        if key in clause["then"].get("required", [])
    ]
    if kinds:
        return f"required for {', '.join(f'`{kind}`' for kind in kinds)}"
    if "properties" in entry and "default" in entry:
        return "defaults below"
    if "default" not in entry:
        return "—"
    default: Any = entry["default"]
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
