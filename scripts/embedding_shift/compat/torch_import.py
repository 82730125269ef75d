"""Import PyTorch without the kernels that compute shapes alone, which load when something may need them.

Reason: whenever it is imported, PyTorch loads the shapes of all operators' results, and their decompositions, for
tensors without values and for torch.compile. This takes a fifth of the import. Encoding needs none of it: it makes
tensors without values, but computes nothing with them.

Written for: PyTorch 2.14, whose `__init__.py` imports `torch._meta_registrations` and uses nothing of it. Other modules
expect that it is there and would import each other in a circle. So it is loaded before any module of PyTorch that is
not loaded so far, except those that open_clip imports.

Fallback: with any other version, a plain import.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from embedding_shift.compat import hidden_modules, versions

VERSIONS = ("2.14",)
SHAPES = "torch._meta_registrations"
INDEPENDENT = ("torch.distributed.nn", "torch.onnx", "torch.utils.model_zoo")


def import_torch() -> ModuleType:
    """Return PyTorch, in a known version without SHAPES until a module that may need them is imported."""
    if "torch" in sys.modules or not versions.is_installed("torch", *VERSIONS):
        return importlib.import_module("torch")
    with hidden_modules.deferred(SHAPES):
        torch = importlib.import_module("torch")
    sys.meta_path.insert(0, _ShapesFirst())
    return torch


class _ShapesFirst(MetaPathFinder):
    """Imports SHAPES before the first module of PyTorch that is not INDEPENDENT."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if not name.startswith("torch.") or name.startswith(INDEPENDENT):
            return None
        sys.meta_path.remove(self)
        if name == SHAPES:
            return None
        importlib.import_module(SHAPES)
        module = sys.modules.get(name)
        if module is None:
            return None
        # SHAPES imported this module, too. Python takes the spec of a loaded module from the module itself, and would
        # run the module again with it.
        spec = ModuleSpec(name, _Loaded(module))
        module.__spec__ = spec
        return spec


class _Loaded(Loader):
    """Returns a module that is loaded already, without running it again."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec
