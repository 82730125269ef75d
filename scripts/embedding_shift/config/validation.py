"""Validate a configuration against its schema and fill in the defaults.

The schema is a JSON Schema (draft 2020-12) with one additional keyword, `needs`: a sentence that says what a `pattern`
or `const` requires. In it, `{found}` stands for the rejected value.
"""

import copy
import difflib
import math
import os
from collections.abc import Iterator
from typing import Any

import jsonschema

from embedding_shift.config import counterparts, labels
from embedding_shift.config.macro_names import macro_name
from embedding_shift.config.schema_text import BOUNDS, Schema, range_in_words, types_in_words
from embedding_shift.errors import InputError

Configuration = dict[str, Any]
# A jsonschema.ValidationError as iter_errors yields it: with all attributes set, which its annotations leave open.
SchemaViolation = Any


def validated(config: Configuration, schema: Schema) -> Configuration:
    """Return a copy of `config` with the schema's defaults filled in.

    An entry of a section with free names (datasets, models, augmentations) is left out when its value is null: with it,
    a second configuration file removes entries of the first. An optional section whose value is null gets its defaults.
    The primary dataset and the primary model come first in their sections. The counterparts of given pairs become the
    augmentations.

    Raises:
        InputError: the configuration is invalid. The message describes the first error: the key, the value found and
            what is allowed.
    """
    config = copy.deepcopy(config)
    for key, entry in schema["properties"].items():
        if "propertyNames" in entry and isinstance(config.get(key), dict):
            config[key] = {name: value for name, value in config[key].items() if value is not None}
    errors = sorted(_validator(schema).iter_errors(config), key=_order)
    if errors:
        raise InputError(_sentence(errors[0]))
    _refuse_outputs_as_sources(config)
    _refuse_nested_folders(config)
    _put_primary_entries_first(config)
    counterparts.become_augmentations(config)
    _refuse_equal_macros(config)
    labels.check(config)
    return config


def in_order_of_definition(config: Configuration, shipped: Configuration) -> Configuration:
    """Return `config` with the entries that `shipped` defines before all others, in the order of `shipped`.

    Snakemake puts the entries of a second configuration file before those of the first.

    Args:
        config: the merged configuration.
        shipped: the configuration file that the others were merged into.
    """
    return {key: _ordered(value, shipped.get(key)) for key, value in config.items()}


def _ordered(section: Any, shipped: Any) -> Any:
    if not (isinstance(section, dict) and isinstance(shipped, dict)):
        return section
    return {name: section[name] for name in (*shipped, *section) if name in section}


def _put_primary_entries_first(config: Configuration) -> None:
    """Reorder the datasets and the models in place; raise InputError if there is no primary entry of that name."""
    for kind, section in (("dataset", "datasets"), ("model", "models")):
        name, entries = config["primary"][kind], config[section]
        if name is None:
            continue
        if name not in entries:
            raise InputError(f"configuration key 'primary.{kind}': found {name!r}; allowed are {', '.join(entries)}")
        config[section] = {name: entries[name]} | entries


def _refuse_equal_macros(config: Configuration) -> None:
    """Raise InputError if two augmentations would get the same LaTeX macro names, which consist of letters only."""
    macros: dict[str, str] = {}
    section = counterparts.key_of_augmentations(config)
    for name in config["augmentations"]:
        other = macros.setdefault(macro_name(name), name)
        if other != name:
            raise InputError(
                f"configuration key '{section}.{name}': the paper's numbers cannot tell the names {other!r} and "
                f"{name!r} apart; rename one"
            )


def _refuse_outputs_as_sources(config: Configuration) -> None:
    """Raise InputError if an entry reads from its own results: Snakemake deletes these before it writes them."""
    for section, folder in (("datasets", "results"), ("models", "results/models")):
        for name, entry in config[section].items():
            written = _resolved(os.path.join(folder, name))
            sources = {key: entry.get(key) for key in ("path", "pin")}
            sources |= {f"counterparts.{key}.path": each["path"] for key, each in entry.get("counterparts", {}).items()}
            for key, path in sources.items():
                if path and "://" not in path and _resolved(path).startswith(written):
                    raise InputError(
                        f"configuration key '{section}.{name}.{key}': {path} is an output of this entry, or lies in "
                        "one, and would be deleted; copy it to another place or rename the entry"
                    )


def _refuse_nested_folders(config: Configuration) -> None:
    """Raise InputError if a folder of counterparts lies in that of the originals, or the other way round."""
    for dataset, name, entry in counterparts.paths(config):
        originals = config["datasets"][dataset]["path"]
        given, own = _resolved(entry["path"]), _resolved(originals)
        if given.startswith(own) or own.startswith(given):
            raise InputError(
                f"configuration key 'datasets.{dataset}.counterparts.{name}.path': found {entry['path']}; it must be "
                f"another folder than that of the originals, {originals}, and neither may lie in the other"
            )


def _resolved(path: str) -> str:
    """Return a path with links resolved and a trailing slash. A path that no file can have is returned unchanged."""
    try:
        return os.path.join(os.path.realpath(path), "")
    except ValueError:
        return path


def _validator(schema: Schema) -> Any:
    """Return a validator that fills in the defaults before it checks them (a recipe of the jsonschema documentation).

    Unlike the standard, it does not accept 2.0 as an integer, nor NaN or infinity as a number.
    """
    standard = jsonschema.Draft202012Validator
    checks = standard.VALIDATORS["properties"]

    def fill_and_check(validator: Any, properties: Schema, instance: Any, schema: Schema) -> Iterator[Any]:
        if isinstance(instance, dict):
            for key, subschema in properties.items():
                optional = subschema.get("type") == "object" and key not in schema.get("required", [])
                if optional and key in instance and instance[key] is None:
                    del instance[key]
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


def _order(error: SchemaViolation) -> tuple[list[str], bool]:
    """Sort key of errors: by key, and missing keys last, because a misspelt key is both unknown and missing."""
    return [str(part) for part in error.absolute_path], error.validator == "required"


def _sentence(error: SchemaViolation) -> str:
    key = ".".join(str(part) for part in error.absolute_path)
    where = f"configuration key '{key}'" if key else "the configuration"
    if "propertyNames" in error.absolute_schema_path:
        return f"{where}: found the name {error.instance!r}; {_required_value(error) or error.message}"
    if error.validator == "additionalProperties":
        allowed = list(error.schema["properties"])
        unknown = min(set(error.instance) - set(allowed), key=str)
        close = difflib.get_close_matches(str(unknown), allowed, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        return f"{where}: unknown key {unknown!r}{hint}; allowed are {', '.join(allowed)}"
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"{where}: the key {missing!r} is missing"
    if error.validator == "minProperties":
        return f"{where}: it is empty; at least one entry is required"
    required = _required_value(error)
    return f"{where}: found {error.instance!r}; {required}" if required else f"{where}: {error.message}"


def _required_value(error: SchemaViolation) -> str | None:
    """Return what the rejected value should have been; None for a keyword that the schema does not use yet."""
    value = error.validator_value
    if error.validator == "enum":
        return f"allowed are {', '.join(map(str, value))}"
    if error.validator == "type":
        return "; ".join(filter(None, (f"it must be {types_in_words(value)}", error.schema.get("needs"))))
    if error.validator in ("minLength", "minItems"):
        return "it must not be empty"
    if error.validator in BOUNDS:
        return f"it must be {range_in_words(error.schema)}"
    if error.validator in ("pattern", "const"):
        return str(error.schema.get("needs", f"it must match {value}")).format(found=error.instance)
    return None
