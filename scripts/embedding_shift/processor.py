"""What makes PyTorch fast on processors: which matrix product it calls."""

import contextlib

import torch
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten


@contextlib.contextmanager
def fast_products(device, dtype=torch.float32):
    """Within this context, the linear layers of a float32 model on the CPU are computed by oneDNN.

    PyTorch itself calls MKL for them, which does not use AVX-512 on AMD's processors: oneDNN is 2.3 times as fast
    there, and as fast on Intel's. The results differ in rounding alone. Nothing changes for models of another `dtype`
    or on other devices, or where PyTorch was built without oneDNN.
    """
    if device.type != "cpu" or dtype != torch.float32 or not torch.backends.mkldnn.is_available():
        yield
        return
    # PyTorch's fused attention layer calls its matrix products where nothing can take them over.
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with _OneDnnProducts():
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)


class _OneDnnProducts(TorchDispatchMode):
    """Hand the products of float32 matrices with weights to the operator that torch.compile would call."""

    @classmethod
    def _should_skip_dynamo(cls):
        """Tell PyTorch that torch.compile need not be kept away, for which it would load it: a second."""
        return False

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        options = options or {}
        if not options and arguments and _are_float32(arguments):
            if function is aten.linear.default:
                values, weight, *bias = arguments
                return _linear(values, weight, *bias)
            if function is aten.addmm.default:
                bias, values, weight = arguments
                if bias.dim() == 1:
                    return _linear(values, weight.t(), bias)
            if function is aten.mm.default:
                values, weight = arguments
                return _linear(values, weight.t())
        return function(*arguments, **options)


def _are_float32(arguments):
    return all(
        argument is None or (isinstance(argument, torch.Tensor) and argument.dtype == torch.float32)
        for argument in arguments
    )


def _linear(values, weight, bias=None):
    return torch.ops.mkldnn._linear_pointwise(values, weight, bias, "none", [], "")
