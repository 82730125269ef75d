"""Replace PyTorch's operators by those of oneDNN; compat/onednn.py says why, and for which version."""

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from embedding_shift.compat.activations import AppliedActivation

aten = torch.ops.aten
WeightKey = tuple[int, torch.Size, tuple[int, ...]]


class OneDnnOperators:
    """The operators that compute a tower with oneDNN, and its weights in oneDNN's layout, for any number of threads."""

    def __init__(self, tower: nn.Module, activations: Iterable[AppliedActivation]) -> None:
        """Prepare a tower.

        Args:
            tower: image tower on the CPU, in float32 or bfloat16.
            activations: those that a product is to apply; the caller keeps the tower from applying them again.
        """
        self._dtype = next(tower.parameters()).dtype
        self._storages = {weights.untyped_storage().data_ptr() for weights in tower.parameters()}
        self._operations = {_key(applied.product.weight): applied.operation for applied in activations}
        self._converted: dict[WeightKey, Tensor] = {}
        self._converting = threading.Lock()
        self._watchers: dict[WeightKey, list[Callable[[Tensor], None]]] = {}
        self._replacements: dict[Any, Callable[..., Tensor | None]] = {
            aten.linear.default: self._linear,
            aten.addmm.default: self._add_product,
            aten.mm.default: self._product,
            aten.matmul.default: self._product,
            aten.conv2d.default: self._convolution,
            aten.scaled_dot_product_attention.default: self._attention,
        }

    @contextlib.contextmanager
    def watched(self, weight: Tensor, see: Callable[[Tensor], None]) -> Iterator[None]:
        """Within this context, call `see` with the values of every product with a weight."""
        watchers = self._watchers.setdefault(_key(weight), [])
        watchers.append(see)
        try:
            yield
        finally:
            watchers.remove(see)

    def call(self, function: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Return the result of an operator of PyTorch."""
        replacement = self._replacements.get(function)
        if replacement is not None and not options and self._have_one_precision(arguments):
            result = replacement(*arguments)
            if result is not None:
                return result
        return function(*arguments, **options)

    def _have_one_precision(self, arguments: tuple[Any, ...]) -> bool:
        return all(argument.dtype == self._dtype for argument in arguments if isinstance(argument, Tensor))

    # Each of these returns the result of an operator, or None if PyTorch is to compute it.

    def _add_product(self, bias: Tensor, values: Tensor, weight: Tensor) -> Tensor | None:
        return self._linear(values, weight.t(), bias) if bias.dim() == 1 else None

    def _product(self, values: Tensor, weight: Tensor) -> Tensor | None:
        return self._linear(values, weight.t()) if weight.dim() == 2 <= values.dim() else None

    def _convolution(self, images: Tensor, weight: Tensor, bias: Tensor | None = None, *options: Any) -> Tensor | None:
        """Return the projections (N, width, rows, columns) of adjacent patches."""
        if not _projects_patches(images, weight, *options):
            return None
        height, width = weight.shape[2:]
        patches = images.unfold(2, height, height).unfold(3, width, width).permute(0, 2, 3, 1, 4, 5)
        return self._linear(patches.flatten(3), weight.flatten(1), bias).permute(0, 3, 1, 2)

    def _attention(self, queries: Tensor, keys: Tensor, values: Tensor, *options: Any) -> Tensor | None:
        """Return the attention of bfloat16 (N, heads, tokens, width of a head), in half the time of PyTorch's own."""
        if self._dtype != torch.bfloat16 or queries.dim() != 4 or options:
            return None
        heads = queries.shape[1]
        queries, keys, values = (tensor.flatten(0, 1) for tensor in (queries, keys, values))
        scores = torch.bmm(queries, keys.transpose(1, 2)).float().mul_(queries.shape[-1] ** -0.5)
        return torch.bmm(scores.softmax(-1).to(self._dtype), values).unflatten(0, (-1, heads))

    def _linear(self, values: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        key = _key(weight)
        for see in self._watchers.get(key, ()):
            see(values)
        operation, algorithm = self._operations.get(key, ("none", ""))
        weight = self._convert(weight, values[..., 0].numel())
        result: Tensor = torch.ops.mkldnn._linear_pointwise(values, weight, bias, operation, [], algorithm)
        return result

    def _convert(self, weight: Tensor, rows: int) -> Tensor:
        """Return a weight in oneDNN's layout for values of so many rows; a matrix that is no weight stays as it is."""
        if weight.untyped_storage().data_ptr() not in self._storages:
            return weight
        key = _key(weight)
        with self._converting:
            if key not in self._converted:
                self._converted[key] = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), rows)
            return self._converted[key]


class OneDnnDispatch(TorchDispatchMode):
    """Context manager within which this thread calls the operators that torch.compile would call."""

    def __init__(self, operators: OneDnnOperators) -> None:
        super().__init__()
        self._operators = operators

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Tell PyTorch that torch.compile may see this mode. Otherwise, PyTorch loads torch.compile: a second."""
        return False

    def __torch_dispatch__(
        self, function: Any, types: Any, arguments: tuple[Any, ...] = (), options: dict[str, Any] | None = None
    ) -> Any:
        return self._operators.call(function, arguments, options or {})


def _key(weight: Tensor) -> WeightKey:
    """Return what distinguishes a weight, or a part of it, from all others of a tower."""
    return weight.data_ptr(), weight.shape, weight.stride()


def _projects_patches(
    images: Tensor,
    weight: Tensor,
    stride: Iterable[int] = (1,),
    padding: Iterable[int] = (0,),
    dilation: Iterable[int] = (1,),
    groups: int = 1,
) -> bool:
    """Return whether a convolution projects adjacent patches."""
    kernel = tuple(weight.shape[2:])
    adjacent = tuple(stride) == kernel != (1, 1) and set(padding) == {0} and set(dilation) == {1}
    return adjacent and groups == 1 and images.dim() == 4
