"""Compute the layers of an image tower with oneDNN, which makes them fast on processors.

Reason: for products of float32 matrices, PyTorch itself calls MKL, which does not use AVX-512 on AMD's processors.
oneDNN is 2.3 times as fast there, and as fast as MKL on Intel's. PyTorch has the operators, but only code that
torch.compile generates calls them, and compiling takes at least ten seconds in every job.

Written for: PyTorch 2.14, whose private operators `torch.ops.mkldnn.*` compat/onednn_dispatch.py calls.

Fallback: PyTorch's own layers, which differ in rounding only. They are used with any other version, if an operator is
missing, and if the environment variable EMBEDDING_SHIFT_ONEDNN is 0.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from embedding_shift.compat import versions
from embedding_shift.compat.activations import applied_activations

if TYPE_CHECKING:
    from embedding_shift.compat.onednn_dispatch import OneDnnOperators

VERSIONS = ("2.14",)
SWITCH = "EMBEDDING_SHIFT_ONEDNN"
OPERATORS = ("_linear_pointwise", "_reorder_linear_weight", "_is_mkldnn_bf16_supported")


class Layers:
    """The layers of an image tower, as processors compute them fast."""

    def __init__(self, tower: nn.Module) -> None:
        """Prepare a tower.

        Args:
            tower: image tower in evaluation mode, whose weights do not change any more.
        """
        weights = next(tower.parameters())
        usable = weights.device.type == "cpu" and is_usable(weights.dtype)
        self._activations = list(applied_activations(tower)) if usable else []
        self._operators = self._build_operators(tower) if usable else None

    def _build_operators(self, tower: nn.Module) -> "OneDnnOperators":
        from embedding_shift.compat.onednn_dispatch import OneDnnOperators

        return OneDnnOperators(tower, self._activations)

    @contextlib.contextmanager
    def fast(self) -> Iterator[None]:
        """Within this context, oneDNN computes the tower in this thread if it is on the CPU.

        The weights are converted to oneDNN's layout once, not for every product. An activation is computed as part of
        the product before it, and the projection of the patches is a product as well. The results differ from
        PyTorch's in rounding only. On other devices and in precisions other than float32 and bfloat16 nothing changes.
        """
        with self.prepared(), self.dispatch():
            yield

    @contextlib.contextmanager
    def prepared(self) -> Iterator[None]:
        """Within this context, the tower lacks what products apply; every thread has to compute it in `dispatch`."""
        if self._operators is None:
            yield
            return
        # PyTorch's fused attention layer calls its products in a way that cannot be replaced.
        fused = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        for applied in self._activations:
            setattr(applied.container, applied.name, nn.Identity())
        try:
            yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fused)
            for applied in self._activations:
                setattr(applied.container, applied.name, applied.module)

    def dispatch(self) -> contextlib.AbstractContextManager[Any]:
        """Return the context within which one thread computes a tower that is `prepared`."""
        if self._operators is None:
            return contextlib.nullcontext()
        from embedding_shift.compat.onednn_dispatch import OneDnnDispatch

        return OneDnnDispatch(self._operators)

    @property
    def are_watchable(self) -> bool:
        """Whether `watched` sees the products of the tower: whether oneDNN computes them."""
        return self._operators is not None

    @contextlib.contextmanager
    def watched(self, weight: Tensor, see: Callable[[Tensor], None]) -> Iterator[None]:
        """Within this context, `see` gets the values (…, input width) of every product with a weight of the tower.

        It is called in the thread that computes the tower, before the product.
        """
        if self._operators is None:
            raise ValueError("oneDNN does not compute this tower")
        with self._operators.watched(weight, see):
            yield


def is_usable(dtype: torch.dtype) -> bool:
    """Return whether oneDNN is to compute layers of a precision here: known, switched on and supported."""
    if os.environ.get(SWITCH) == "0" or not versions.is_installed("torch", *VERSIONS):
        return False
    if not torch.backends.mkldnn.is_available() or not all(hasattr(torch.ops.mkldnn, name) for name in OPERATORS):
        return False
    return dtype == torch.float32 or (dtype == torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported())
