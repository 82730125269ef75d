"""Check a configuration against its schema and fill in the defaults."""

import copy

import jsonschema

from embedding_shift.errors import InputError


def validated(config, schema):
    """Return a copy of `config` with the schema's defaults filled in.

    Raises:
        InputError: the first thing that is wrong, by its key, with what was found and what is allowed.
    """
    config = copy.deepcopy(config)
    errors = sorted(_validator(schema).iter_errors(config), key=lambda error: list(map(str, error.absolute_path)))
    if errors:
        raise InputError(_sentence(errors[0]))
    return config


def _validator(schema):
    """A validator that sets defaults before it checks what is inside them (after the recipe in jsonschema's docs)."""
    checks = jsonschema.Draft202012Validator.VALIDATORS["properties"]

    def fill_and_check(validator, properties, instance, schema):
        if isinstance(instance, dict):
            for key, subschema in properties.items():
                if "default" in subschema:
                    instance.setdefault(key, copy.deepcopy(subschema["default"]))
        yield from checks(validator, properties, instance, schema)

    return jsonschema.validators.extend(jsonschema.Draft202012Validator, {"properties": fill_and_check})(schema)


def _sentence(error):
    key = ".".join(str(part) for part in error.absolute_path)
    where = f"configuration key '{key}'" if key else "the configuration"
    if error.validator == "additionalProperties":
        allowed = error.schema["properties"]
        unknown = sorted(set(error.instance) - set(allowed))[0]
        return f"{where}: unknown key {unknown!r}; allowed are {', '.join(allowed)}"
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"{where}: the key {missing!r} is missing"
    if error.validator == "enum":
        return f"{where}: found {error.instance!r}; allowed are {', '.join(map(str, error.validator_value))}"
    if error.validator == "type":
        expected = error.validator_value
        expected = " or ".join(expected) if isinstance(expected, list) else expected
        return f"{where}: found {error.instance!r}; a value of type {expected} is needed"
    return f"{where}: {error.message}"
