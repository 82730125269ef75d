"""The shipped configuration and its schema, and changes of them."""

import copy

import pytest
import yaml
from pipeline import PROJECT

from embedding_shift.config import validation
from embedding_shift.errors import InputError

SCHEMA = yaml.safe_load((PROJECT / "config" / "schema.yaml").read_text())
SHIPPED = yaml.safe_load((PROJECT / "config.yaml").read_text())
BLUR = SHIPPED["augmentations"]["blur"]


def changed(path, value):
    """Return the shipped configuration with one key (a list of its parts) set to a value; `...` removes the key."""
    config = copy.deepcopy(SHIPPED)
    section = config
    for part in path[:-1]:
        section = section.setdefault(part, {})
    if value is ...:
        del section[path[-1]]
    else:
        section[path[-1]] = value
    return config


def error_message(config):
    with pytest.raises(InputError) as caught:
        validation.validated(config, SCHEMA)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def merged(base, other):
    """Merge mappings key by key, as Snakemake does with a second configuration file."""
    if not (isinstance(base, dict) and isinstance(other, dict)):
        return other
    return base | {key: merged(base.get(key), value) for key, value in other.items()}
