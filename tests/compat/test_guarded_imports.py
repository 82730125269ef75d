"""Libraries load without the modules that the project does not need, in the known versions only."""

import importlib
import subprocess
import sys

import pytest
from pipeline import PROJECT

from embedding_shift.compat import versions
from embedding_shift.compat.hidden_modules import deferred, hidden

pytestmark = pytest.mark.slow


def test_a_hidden_module_cannot_be_imported_and_a_loaded_one_stays():
    with hidden("json", "wave"):
        assert importlib.import_module("json").dumps({}) == "{}"
        with pytest.raises(ModuleNotFoundError, match="wave"):
            importlib.import_module("wave")
    assert importlib.import_module("wave")


@pytest.fixture
def slow_module(tmp_path, monkeypatch):
    """A module that is not loaded yet."""
    (tmp_path / "slow_module.py").write_text("def double(x):\n    return 2 * x\n\n\ndef half(x):\n    return x / 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "slow_module"
    sys.modules.pop("slow_module", None)


def test_a_deferred_module_is_loaded_by_a_call_of_its_function(slow_module):
    with deferred(slow_module, "double"):
        imported = importlib.import_module(slow_module)
        double = imported.double
        assert not hasattr(imported, "__file__"), "Python asks for such names, which must not load it"
    assert slow_module not in sys.modules
    assert double(4) == 8
    assert sys.modules[slow_module].__file__.endswith("slow_module.py")


def test_a_deferred_module_is_loaded_by_any_other_name(slow_module):
    with deferred(slow_module, "double"):
        half = importlib.import_module(slow_module).half
        assert sys.modules[slow_module].half is half
    assert half(4) == 2
    assert slow_module in sys.modules


def test_a_module_that_is_loaded_is_not_deferred(slow_module):
    module = importlib.import_module(slow_module)
    with deferred(slow_module, "double"):
        assert importlib.import_module(slow_module) is module
    assert sys.modules[slow_module] is module


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
    code += f"\nprint(*{LEFT_OUT} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}"], capture_output=True, text=True, cwd=PROJECT / "scripts"
    )
    assert (done.returncode, done.stderr) == (0, "")
    return set(done.stdout.split())


LEFT_OUT = {
    "torch",
    "torch._dynamo",
    "huggingface_hub",
    "transformers",
    "timm",
    "scipy.special",
    "open_clip.tokenizer",
}
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
    "tower_loading.build_without_weights({{'embed_dim': 8, 'vision_cfg': {vision}}})\n"
)
NATIVE = {"layers": 1, "width": 64, "image_size": 32}
TIMM = {"timm_model_name": "vit_tiny_patch16_224", "image_size": 224}


def test_albumentations_loads_without_pytorch_and_the_model_hub():
    assert loaded_after(ALBUMENTATIONS) == set()
    assert loaded_after(ALBUMENTATIONS + "import torch\n") == {"torch"}, "it can be imported afterwards"


def test_an_unknown_albumentations_loads_as_it_likes():
    assert loaded_after(UNKNOWN + ALBUMENTATIONS) >= {"torch", "huggingface_hub", "scipy.special"}


def test_the_transform_that_needs_a_deferred_module_works():
    ringing = ALBUMENTATIONS + "transforms.apply(transforms.build('RingingOvershoot', {}), picture, 1)\n"
    assert loaded_after(ringing) == {"scipy.special"}


@pytest.mark.parametrize(
    ("needs_timm", "vision", "expected"), [(False, NATIVE, {"torch"}), (True, TIMM, {"torch", "torch._dynamo", "timm"})]
)
def test_open_clip_builds_a_tower_without_the_packages_that_it_does_not_need(needs_timm, vision, expected):
    assert loaded_after(OPEN_CLIP.format(needs_timm=needs_timm, vision=vision)) == expected


def test_an_unknown_open_clip_loads_as_it_likes():
    found = loaded_after(UNKNOWN + OPEN_CLIP.format(needs_timm=False, vision=NATIVE))
    assert found >= {"torch", "torch._dynamo", "huggingface_hub", "transformers", "timm", "open_clip.tokenizer"}


def test_texts_are_tokenized_although_the_tokenizer_is_deferred():
    code = OPEN_CLIP.format(needs_timm=False, vision=NATIVE) + (
        "import open_clip\n"
        "first = open_clip.tokenize(['a cat'])\n"
        "from open_clip.tokenizer import DEFAULT_CONTEXT_LENGTH, SimpleTokenizer\n"
        "tokenizer = open_clip.get_tokenizer('ViT-B-32')\n"
        "assert type(tokenizer) is SimpleTokenizer\n"
        "assert first.shape == (1, DEFAULT_CONTEXT_LENGTH) == (1, open_clip.factory.DEFAULT_CONTEXT_LENGTH)\n"
        "assert (tokenizer(['a cat']) == first).all() and first[0, :4].tolist() == [49406, 320, 2368, 49407]\n"
    )
    assert loaded_after(code) == {"torch", "open_clip.tokenizer"}


def test_the_compiler_works_although_its_loading_is_deferred():
    code = OPEN_CLIP.format(needs_timm=False, vision=NATIVE) + (
        "import torch\n"
        "from torchvision.ops import roi_align\n"
        "assert roi_align(torch.ones(1, 1, 4, 4), [torch.tensor([[0.0, 0.0, 3.0, 3.0]])], 2).shape == (1, 1, 2, 2)\n"
        "assert torch.compile(lambda x: x + 1, backend='eager')(torch.ones(1)) == 2\n"
    )
    assert loaded_after(code) == {"torch", "torch._dynamo"}


LATE_IMPORT = """
import importlib, sys
from embedding_shift.compat import torch_import

torch = torch_import.import_torch()
assert torch_import.SHAPES not in sys.modules
torch.nn.Linear(2, 2)(torch.ones(1, 2))
assert torch_import.SHAPES not in sys.modules
module = importlib.import_module("{module}")
assert sys.modules["{module}"] is module and module.__spec__.name == "{module}"
assert torch_import.SHAPES in sys.modules
assert torch.nn.Linear(2, 3, device="meta")(torch.ones(5, 2, device="meta")).shape == (5, 3)
assert torch._meta_registrations.meta_index_Tensor
"""


@pytest.mark.parametrize(
    "module",
    [
        "torch._meta_registrations",
        "torch._decomp",
        "torch._prims",
        "torch._dynamo",
        "torch.distributed.tensor",
        "torch.utils._content_store",
        "timm",
        "transformers.models.clip.modeling_clip",
    ],
)
def test_kernels_for_shapes_are_loaded_by_modules_that_may_need_them(module):
    code = LATE_IMPORT.format(module=module)
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PROJECT / "scripts")


def test_open_clip_needs_no_kernels_for_shapes():
    code = (
        "import sys\nfrom embedding_shift.compat import open_clip_import, torch_import\ntorch_import.import_torch()\n"
        "open_clip_import.import_open_clip(needs_timm=False)\nassert torch_import.SHAPES not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PROJECT / "scripts")


@pytest.mark.parametrize("version", ["", ".dev"])
def test_an_unknown_pytorch_is_imported_whole(version):
    """The known version is the installed one, or another one: only then the kernels for shapes are loaded at once."""
    code = (
        "import sys\nfrom embedding_shift.compat import torch_import\n"
        f"torch_import.VERSIONS = tuple(each + {version!r} for each in torch_import.VERSIONS)\n"
        "torch_import.import_torch()\nprint(torch_import.SHAPES in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, cwd=PROJECT / "scripts", capture_output=True, text=True)
    assert done.stdout == f"{version == '.dev'}\n"
