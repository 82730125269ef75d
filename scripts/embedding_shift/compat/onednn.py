"""What makes PyTorch fast on processors: layers by oneDNN, which has the weights laid out for it once."""

import contextlib
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from embedding_shift.compat import activations

aten = torch.ops.aten


class Layers:
    """The layers of an image tower, as processors compute them fast."""

    def __init__(self, tower):
        """Take a torch.nn.Module in evaluation mode, whose weights do not change any more."""
        weights = next(tower.parameters())
        usable = weights.device.type == "cpu" and _has_onednn(weights.dtype)
        self._activations = list(_activations_after_products(tower)) if usable else []
        self._by_onednn = _ByOneDnn(tower, self._activations) if usable else None

    @contextlib.contextmanager
    def fast(self):
        """Within this context, the tower is computed by oneDNN if it is on the CPU.

        PyTorch itself calls MKL for products of float32 matrices, which does not use AVX-512 on AMD's processors:
        oneDNN is 2.3 times as fast there, and as fast on Intel's. Weights are laid out as oneDNN wants them once, and
        not for every product; an activation is applied where a product is written; patches are projected as a product
        of matrices. The results differ in rounding alone. Nothing changes on other devices, in other precisions than
        float32 and bfloat16, or where there is no oneDNN for them.
        """
        if self._by_onednn is None:
            yield
            return
        # PyTorch's fused attention layer calls its matrix products where nothing can take them over.
        fused = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        for applied in self._activations:
            setattr(applied.container, applied.name, nn.Identity())
        try:
            with self._by_onednn:
                yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fused)
            for applied in self._activations:
                setattr(applied.container, applied.name, applied.module)


def _has_onednn(dtype):
    if not torch.backends.mkldnn.is_available():
        return False
    return dtype == torch.float32 or (dtype == torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported())


class _Activation(NamedTuple):
    """An activation that oneDNN can apply to the product before it."""

    container: nn.Sequential
    name: str
    module: nn.Module
    product: nn.Linear
    operation: tuple[str, str]


def _activations_after_products(tower):
    own = activations.products(tower)
    for container, layers in activations.sequences(tower):
        for (_, product), (name, module) in pairwise(layers):
            operation = _operation(module)
            if operation and product in own:
                yield _Activation(container, name, module, product, operation)


def _operation(activation):
    """Return oneDNN's name of an activation and of its algorithm; None for those that it is not asked for."""
    if isinstance(activation, nn.GELU):
        return "gelu", activation.approximate
    return ("swish", "") if isinstance(activation, nn.SiLU) else None


class _ByOneDnn(TorchDispatchMode):
    """Hand the layers of a tower to the operators that torch.compile would call."""

    def __init__(self, tower, applied_activations):
        super().__init__()
        self._dtype = next(tower.parameters()).dtype
        self._storages = {weights.untyped_storage().data_ptr() for weights in tower.parameters()}
        self._operations = {_key(applied.product.weight): applied.operation for applied in applied_activations}
        self._laid_out = {}
        self._replacements = {
            aten.linear.default: self._linear,
            aten.addmm.default: self._add_product,
            aten.mm.default: self._product,
            aten.matmul.default: self._product,
            aten.conv2d.default: self._convolution,
            aten.scaled_dot_product_attention.default: self._attention,
        }

    @classmethod
    def _should_skip_dynamo(cls):
        """Tell PyTorch that torch.compile need not be kept away, for which it would load it: a second."""
        return False

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        replacement = self._replacements.get(function)
        if replacement is not None and not options and self._are_of_one_precision(arguments):
            result = replacement(*arguments)
            if result is not None:
                return result
        return function(*arguments, **(options or {}))

    def _are_of_one_precision(self, arguments):
        return all(argument.dtype == self._dtype for argument in arguments if isinstance(argument, torch.Tensor))

    # Each of these returns the result of an operator, or None where PyTorch is to compute it.

    def _add_product(self, bias, values, weight):
        return self._linear(values, weight.t(), bias) if bias.dim() == 1 else None

    def _product(self, values, weight):
        return self._linear(values, weight.t()) if weight.dim() == 2 <= values.dim() else None

    def _convolution(self, pictures, weight, bias=None, *options):
        """Return the projections (N, width, rows, columns) of patches that lie side by side."""
        if not _is_of_patches(pictures, weight, *options):
            return None
        height, width = weight.shape[2:]
        patches = pictures.unfold(2, height, height).unfold(3, width, width).permute(0, 2, 3, 1, 4, 5)
        return self._linear(patches.flatten(3), weight.flatten(1), bias).permute(0, 3, 1, 2)

    def _attention(self, queries, keys, values, *options):
        """Return the attention of bfloat16 (N, heads, tokens, width of a head): in half the time of PyTorch's own."""
        if self._dtype != torch.bfloat16 or queries.dim() != 4 or options:
            return None
        heads = queries.shape[1]
        queries, keys, values = (tensor.flatten(0, 1) for tensor in (queries, keys, values))
        scores = torch.bmm(queries, keys.transpose(1, 2)).float().mul_(queries.shape[-1] ** -0.5)
        return torch.bmm(scores.softmax(-1).to(self._dtype), values).unflatten(0, (-1, heads))

    def _linear(self, values, weight, bias=None):
        operation, algorithm = self._operations.get(_key(weight), ("none", ""))
        weight = self._lay_out(weight, values[..., 0].numel())
        return torch.ops.mkldnn._linear_pointwise(values, weight, bias, operation, [], algorithm)

    def _lay_out(self, weight, rows):
        """Return a matrix as oneDNN wants it for values of so many rows; what is not a weight stays as it is."""
        if weight.untyped_storage().data_ptr() not in self._storages:
            return weight
        key = _key(weight)
        if key not in self._laid_out:
            self._laid_out[key] = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), rows)
        return self._laid_out[key]


def _key(weight):
    """Return what tells a weight, or a part of it, from all others of a tower."""
    return weight.data_ptr(), weight.shape, weight.stride()


def _is_of_patches(pictures, weight, stride=(1,), padding=(0,), dilation=(1,), groups=1):
    """Tell whether a convolution projects patches that lie side by side."""
    kernel = tuple(weight.shape[2:])
    side_by_side = tuple(stride) == kernel != (1, 1) and set(padding) == {0} and set(dilation) == {1}
    return side_by_side and groups == 1 and pictures.dim() == 4
