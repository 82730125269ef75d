"""The examples in the docstrings of the library run and give what they show."""

import doctest
import importlib

import pytest
from pipeline import PROJECT

from embedding_shift.metrics import registry
from embedding_shift.views import transforms

SCRIPTS = PROJECT / "scripts"
FILES = [path for path in (SCRIPTS / "embedding_shift").rglob("*.py") if ">>> " in path.read_text()]
MODULES = sorted(".".join(path.relative_to(SCRIPTS).with_suffix("").parts) for path in FILES)


@pytest.fixture
def own_registries(monkeypatch):
    """What an example registers is forgotten afterwards."""
    monkeypatch.setattr(registry, "REGISTRY", dict(registry.REGISTRY))
    monkeypatch.setattr(transforms, "CUSTOM_TRANSFORMS", dict(transforms.CUSTOM_TRANSFORMS))


@pytest.mark.usefixtures("own_registries")
@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module_give_what_they_show(module):
    found = doctest.testmod(importlib.import_module(module))
    assert found.attempted
    assert not found.failed


def test_what_users_extend_has_examples():
    assert {"embedding_shift.views.transforms", "embedding_shift.metrics.registry"} <= set(MODULES)
