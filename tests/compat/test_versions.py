"""Every workaround is in use with the pinned versions: a new pin that turns one off is noticed."""

import importlib
import pkgutil
import sys

import numpy as np
import pytest

from embedding_shift import compat
from embedding_shift.compat import versions

DISTRIBUTIONS = {
    "activations": "open_clip_torch",
    "albumentations_import": "albumentations",
    "albumentations_internals": "albumentations",
    "onednn": "torch",
    "open_clip_import": "open_clip_torch",
    "snakemake_job_files": "snakemake",
    "snakemake_locks": "snakemake",
    "snakemake_processes": "snakemake",
    "snakemake_scheduler": "snakemake",
    "torch_import": "torch",
}


def test_every_workaround_with_a_guard_is_listed():
    modules = {
        info.name: importlib.import_module(f"{compat.__name__}.{info.name}")
        for info in pkgutil.iter_modules(compat.__path__)
    }
    assert {name for name, module in modules.items() if hasattr(module, "VERSIONS")} == DISTRIBUTIONS.keys()
    for name in DISTRIBUTIONS:
        assert all(f"{word}:" in modules[name].__doc__ for word in ("Reason", "Written for", "Fallback"))


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_pinned_version_is_known(name):
    module = importlib.import_module(f"{compat.__name__}.{name}")
    assert versions.is_installed(DISTRIBUTIONS[name], *module.VERSIONS), f"check whether {name} still applies"


def test_an_environment_is_told_by_its_packages_and_by_those_of_conda(tmp_path, monkeypatch):
    found = versions.everything_installed()
    assert sys.version in found and f"numpy-{np.__version__}.dist-info" in found
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta/libopencv-4.13.0-h1_0.json").touch()
    (tmp_path / "conda-meta/history").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "path", [*sys.path, "/proc/self/fdinfo/none", str(tmp_path / "conda-meta/history")])
    assert set(versions.everything_installed()) - set(found) == {"libopencv-4.13.0-h1_0.json"}
