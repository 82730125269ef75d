"""Check a configuration against its schema, fill in the defaults, and describe the schema to people.

The schema is a JSON Schema (draft 2020-12). One keyword is added to the standard's: `needs` is the sentence that says
what a `pattern` or `const` asks for; `{found}` in it stands for the refused value.
"""

import copy
import difflib
import json
import math
import os

import jsonschema

from embedding_shift.config.macro_names import macro_name
from embedding_shift.errors import InputError

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
INTRODUCTION = """\
<!-- Written by `make docs` from config/schema.yaml: change that file, not this one. -->

# Configuration

`config.yaml` beside the Snakefile is read in every run. A file given with `--configfile FILE` is laid over it, key by
key; to leave out a dataset, a model or an augmentation of `config.yaml`, such a file gives it the value `null`.
`--config KEY=VALUE` sets a key of the first table for one run. All is checked before the first job starts: a key that
is not listed here, a missing one or a value that is not allowed ends the run with one sentence that names it. What a
library or a file alone can tell (the arguments of a transform, the name of an encoder, the images of a folder) is
checked by the first jobs in the same way; what does not depend on it goes on.
"""


def validated(config, schema):
    """Return a copy of `config` with the schema's defaults filled in.

    An entry of a section with free names (datasets, models, augmentations) that is null is left out: a second
    configuration file, laid over the first, can take away so what it does not want.

    Raises:
        InputError: the first thing that is wrong, by its key, with what was found and what is allowed.
    """
    config = copy.deepcopy(config)
    for key, entry in schema["properties"].items():
        if "propertyNames" in entry and isinstance(config.get(key), dict):
            config[key] = {name: value for name, value in config[key].items() if value is not None}
    errors = sorted(_validator(schema).iter_errors(config), key=_order)
    if errors:
        raise InputError(_sentence(errors[0]))
    _refuse_outputs_as_sources(config)
    _refuse_equal_macros(config)
    return config


def _refuse_equal_macros(config):
    """Raise InputError where the paper's macros, which have letters alone, could not tell two augmentations apart."""
    macros = {}
    for name in config["augmentations"]:
        other = macros.setdefault(macro_name(name), name)
        if other != name:
            raise InputError(
                f"configuration key 'augmentations.{name}': the paper's numbers cannot tell the names {other!r} and "
                f"{name!r} apart; rename one"
            )


def _refuse_outputs_as_sources(config):
    """Raise InputError where an entry is to be read from its own results, which Snakemake deletes to write them."""
    for section, folder in (("datasets", "results"), ("models", "results/models")):
        for name, entry in config[section].items():
            written = _resolved(os.path.join(folder, name))
            for key in ("path", "pin"):
                path = entry.get(key)
                if path and "://" not in path and _resolved(path).startswith(written):
                    raise InputError(
                        f"configuration key '{section}.{name}.{key}': {path} is what this entry itself writes, or lies "
                        "in it, and would be deleted; copy it to another place or give the entry another name"
                    )


def _resolved(path):
    """Return a path without links, ending in a slash; one that no file can have stays as it is."""
    try:
        return os.path.join(os.path.realpath(path), "")
    except ValueError:
        return path


def _validator(schema):
    """A validator that sets defaults before it checks what is inside them (after the recipe in jsonschema's docs).

    Unlike the standard, it takes 2.0 for no integer, and neither NaN nor infinity for a number.
    """
    standard = jsonschema.Draft202012Validator
    checks = standard.VALIDATORS["properties"]

    def fill_and_check(validator, properties, instance, schema):
        if isinstance(instance, dict):
            for key, subschema in properties.items():
                if "default" in subschema:
                    instance.setdefault(key, copy.deepcopy(subschema["default"]))
        yield from checks(validator, properties, instance, schema)

    types = standard.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, value: isinstance(value, int) and not isinstance(value, bool),
            "number": lambda _, value: (
                isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            ),
        }
    )
    return jsonschema.validators.extend(standard, {"properties": fill_and_check}, type_checker=types)(schema)


def _order(error):
    """By key; at the same key what is wrong before what is missing: a misspelt key is both."""
    return [str(part) for part in error.absolute_path], error.validator == "required"


def _sentence(error):
    key = ".".join(str(part) for part in error.absolute_path)
    where = f"configuration key '{key}'" if key else "the configuration"
    if "propertyNames" in error.absolute_schema_path:
        return f"{where}: found the name {error.instance!r}; {_needed(error) or error.message}"
    if error.validator == "additionalProperties":
        allowed = list(error.schema["properties"])
        unknown = min(set(error.instance) - set(allowed), key=str)
        close = difflib.get_close_matches(str(unknown), allowed, n=1)
        hint = f" (is {close[0]!r} meant?)" if close else ""
        return f"{where}: unknown key {unknown!r}{hint}; allowed are {', '.join(allowed)}"
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"{where}: the key {missing!r} is missing"
    if error.validator == "minProperties":
        return f"{where}: it is empty; at least one entry is needed"
    needed = _needed(error)
    return f"{where}: found {error.instance!r}; {needed}" if needed else f"{where}: {error.message}"


def _needed(error):
    """What the refused value ought to have been; None for a keyword that the schema does not use so far."""
    value = error.validator_value
    if error.validator == "enum":
        return f"allowed are {', '.join(map(str, value))}"
    if error.validator == "type":
        return "; ".join(filter(None, (f"{_types(value)} is needed", error.schema.get("needs"))))
    if error.validator == "minLength":
        return "some text is needed"
    if error.validator in BOUNDS:
        return f"it must be {_range(error.schema)}"
    if error.validator in ("pattern", "const"):
        return error.schema.get("needs", f"it must match {value}").format(found=error.instance)
    return None


def _types(names):
    return " or ".join(TYPES[name] for name in ([names] if isinstance(names, str) else names))


def _range(schema):
    return " and ".join(text.format(schema[keyword]) for keyword, text in BOUNDS.items() if keyword in schema)


def describe(schema):
    """Return the schema as a page in Markdown: a table of keys for the top level and for every section."""
    return "\n".join([INTRODUCTION, *_section("", schema)])


def _section(path, schema):
    """The lines of one table, then those of the sections inside it."""
    lines = [f"## `{path}`", "", _escaped(schema.get("description", "")), ""] if path else []
    lines += ["| key | value | when left out | meaning |", "|---|---|---|---|"]
    inner = []
    for key, entry in schema["properties"].items():
        below = f"{path}.{key}" if path else key
        content = entry.get("additionalProperties")
        if "properties" in entry:
            inner += _section(below, entry)
        elif isinstance(content, dict) and "properties" in content:
            inner += _section(f"{below}.NAME", content | {"description": _named(entry)})
        cells = f"`{key}`", _allowed(entry), _when_left_out(key, entry, schema), entry["description"]
        lines.append(f"| {' | '.join(map(_escaped, cells))} |")
    return [*lines, "", *inner]


def _named(entry):
    needs = entry["propertyNames"]["needs"]
    return f"{entry['description']} {needs[0].upper()}{needs[1:]}."


def _allowed(entry):
    if "enum" in entry:
        return ", ".join(f"`{value}`" for value in entry["enum"])
    return ", ".join(filter(None, (_types(entry["type"]), _range(entry), entry.get("needs"))))


def _when_left_out(key, entry, schema):
    if key in schema.get("required", []):
        return "must be given"
    kinds = [
        clause["if"]["properties"]["kind"]["const"]
        for clause in schema.get("allOf", [])
        if key in clause["then"].get("required", [])
    ]
    if kinds:
        return f"must be given for {', '.join(f'`{kind}`' for kind in kinds)}"
    if "properties" in entry and "default" in entry:
        return "defaults below"
    if "default" not in entry:
        return "—"
    default = entry["default"]
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def _escaped(text):
    return text.replace("|", "\\|")
