"""The processor's faster matrix products give what PyTorch's own give, up to rounding, and end with their context."""

import numpy as np
import pytest
import torch
from torch.nn import functional
from torch.profiler import ProfilerActivity, profile

from embedding_shift.processor import fast_products

CPU = torch.device("cpu")
needs_onednn = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="PyTorch was built without oneDNN here"
)


def operators(function):
    """The names of the operators that `function` calls."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        function()
    return {event.key for event in profiler.key_averages()}


@pytest.fixture
def layer():
    torch.manual_seed(0)
    return torch.nn.TransformerEncoderLayer(64, 4, 128, batch_first=True, activation="gelu").eval()


@needs_onednn
def test_layers_are_computed_by_onednn_and_equal_double_precision(layer):
    values = torch.randn(3, 50, 64)
    with torch.inference_mode():
        with fast_products(CPU):
            found = layer(values)
            called = operators(lambda: layer(values))
        expected = layer.double()(values.double())
    assert "mkldnn::_linear_pointwise" in called
    assert not called & {"aten::addmm", "aten::mm"}
    np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=2e-6, rtol=0)


@needs_onednn
@pytest.mark.parametrize("rows", [1, 2, 800])
def test_every_form_of_a_product(rows):
    torch.manual_seed(1)
    values, weight, bias = torch.randn(rows, 96), torch.randn(40, 96), torch.randn(40)
    products = {
        "linear": lambda: functional.linear(values, weight, bias),
        "linear without bias": lambda: functional.linear(values, weight),
        "of a stack": lambda: functional.linear(values.reshape(1, rows, 96), weight, bias),
        "matrices": lambda: values @ weight.T.contiguous(),
        "addmm": lambda: torch.addmm(bias, values, weight.T),
        "addmm with factors": lambda: torch.addmm(bias, values, weight.T, beta=0.5),
        "addmm of a matrix": lambda: torch.addmm(torch.ones(rows, 40), values, weight.T),
    }
    for name, product in products.items():
        with torch.inference_mode():
            expected = product()
            with fast_products(CPU):
                found = product()
        np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=2e-5, rtol=0, err_msg=name)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_other_precisions_are_left_alone(dtype):
    values, weight = torch.randn(4, 8, dtype=dtype), torch.randn(3, 8, dtype=dtype)
    with torch.inference_mode():
        expected = functional.linear(values, weight)
        with fast_products(CPU):
            assert torch.equal(functional.linear(values, weight), expected)


def test_everything_is_as_before_afterwards(layer):
    assert torch.backends.mha.get_fastpath_enabled()
    with pytest.raises(KeyError), fast_products(CPU):
        raise KeyError
    assert torch.backends.mha.get_fastpath_enabled()
    with torch.inference_mode():
        assert "mkldnn::_linear_pointwise" not in operators(lambda: layer(torch.randn(1, 5, 64)))
