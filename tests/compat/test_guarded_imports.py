"""Libraries load without the optional packages that the project does not need, in the known versions only."""

import importlib
import subprocess
import sys

import pytest
from pipeline import PROJECT

from embedding_shift.compat import versions
from embedding_shift.compat.hidden_modules import hidden

pytestmark = pytest.mark.slow


def test_a_hidden_module_cannot_be_imported_and_a_loaded_one_stays():
    with hidden("json", "wave"):
        assert importlib.import_module("json").dumps({}) == "{}"
        with pytest.raises(ModuleNotFoundError, match="wave"):
            importlib.import_module("wave")
    assert importlib.import_module("wave")


@pytest.mark.parametrize(
    ("installed", "wanted", "expected"),
    [
        ("2.14.1", ["2.14"], True),
        ("2.14.1+cpu", ["2.13", "2.14.1"], True),
        ("2.140.0", ["2.14"], False),
        ("2.1", ["2.14"], False),
    ],
)
def test_a_version_stands_for_its_own_releases(monkeypatch, installed, wanted, expected):
    monkeypatch.setattr(versions.metadata, "version", {"library": installed}.get)
    assert versions.is_installed.__wrapped__("library", *wanted) == expected


def test_a_library_that_is_not_installed_has_no_version():
    assert not versions.is_installed("no-such-library", "1")


def loaded_after(code):
    """The modules that a process has loaded after `code`, of those that may be left out."""
    code += "\nprint(*{'torch', 'huggingface_hub', 'transformers', 'timm'} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}"], capture_output=True, text=True, cwd=PROJECT / "scripts"
    )
    assert (done.returncode, done.stderr) == (0, "")
    return set(done.stdout.split())


UNKNOWN = "from embedding_shift.compat import versions\nversions.is_installed = lambda *_: False\n"
ALBUMENTATIONS = (
    "from embedding_shift.views import transforms\n"
    "import numpy\n"
    "flip = transforms.build('HorizontalFlip', {})\n"
    "picture = numpy.arange(48, dtype=numpy.uint8).reshape(4, 4, 3)\n"
    "assert (transforms.apply(flip, picture, 1)[0] == picture[:, ::-1]).all()\n"
)
OPEN_CLIP = (
    "from embedding_shift.compat.open_clip_import import import_open_clip\n"
    "import_open_clip({needs_timm})\n"
    "from embedding_shift.encoders.towers import tower_loading\n"
    "tower_loading.build_image_tower({{'embed_dim': 8, 'vision_cfg': {vision}}})\n"
)
NATIVE = {"layers": 1, "width": 64, "image_size": 32}
TIMM = {"timm_model_name": "vit_tiny_patch16_224", "image_size": 224}


def test_albumentations_loads_without_pytorch_and_the_model_hub():
    assert loaded_after(ALBUMENTATIONS) == set()
    assert loaded_after(ALBUMENTATIONS + "import torch\n") == {"torch"}, "it can be imported afterwards"


def test_an_unknown_albumentations_loads_as_it_likes():
    assert loaded_after(UNKNOWN + ALBUMENTATIONS) >= {"torch", "huggingface_hub"}


@pytest.mark.parametrize(
    ("needs_timm", "vision", "expected"), [(False, NATIVE, {"torch"}), (True, TIMM, {"torch", "timm"})]
)
def test_open_clip_builds_a_tower_without_the_packages_that_it_does_not_need(needs_timm, vision, expected):
    assert loaded_after(OPEN_CLIP.format(needs_timm=needs_timm, vision=vision)) == expected


def test_an_unknown_open_clip_loads_as_it_likes():
    found = loaded_after(UNKNOWN + OPEN_CLIP.format(needs_timm=False, vision=NATIVE))
    assert found == {"torch", "huggingface_hub", "transformers", "timm"}
