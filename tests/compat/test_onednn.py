"""The processor's faster layers give what PyTorch's own give, up to rounding, and end with their context."""

import numpy as np
import pytest
import torch
from open_clip.transformer import QuickGELU
from torch import nn
from torch.nn import functional
from torch.profiler import ProfilerActivity, profile

from embedding_shift.compat import activations, onednn
from embedding_shift.compat.onednn import Layers

needs_onednn = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="PyTorch was built without oneDNN here"
)
OWN_OPERATORS = {"aten::addmm", "aten::mm", "aten::mkldnn_convolution"}


def operators(function):
    """The names of the operators that `function` calls."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        function()
    return {event.key for event in profiler.key_averages()}


@pytest.fixture
def tower():
    """Patches, attention and a projection as in a vision transformer."""
    torch.manual_seed(0)
    block = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True, activation="gelu")
    return nn.Sequential(nn.Conv2d(3, 64, 8, 8), nn.Flatten(2), Transposed(), block, nn.Linear(64, 32)).eval()


class Transposed(nn.Module):
    def forward(self, values):
        return values.transpose(1, 2)


@pytest.fixture(params=["switched off", "unknown version", "missing operator"])
def without_onednn(request, monkeypatch):
    """Every reason for which PyTorch's own layers are used."""
    if request.param == "switched off":
        monkeypatch.setenv("EMBEDDING_SHIFT_ONEDNN", "0")
    elif request.param == "unknown version":
        monkeypatch.setattr(onednn, "VERSIONS", ("0.1",))
    else:
        monkeypatch.setattr(onednn, "OPERATORS", ("no_such_operator",))


def test_the_fallback_is_pytorch(tower, without_onednn):
    images, activation = torch.randn(3, 3, 60, 48), tower[3].activation
    layers = Layers(tower)
    with torch.inference_mode():
        expected = tower(images)
        with layers.fast():
            assert torch.equal(tower(images), expected)
            assert "mkldnn::_linear_pointwise" not in operators(lambda: tower(images))
            assert tower[3].activation is activation


@needs_onednn
def test_the_fallback_differs_in_rounding_only(tower, monkeypatch):
    images = torch.randn(3, 3, 60, 48)
    monkeypatch.setenv("EMBEDDING_SHIFT_ONEDNN", "0")
    plain = Layers(tower)
    monkeypatch.setenv("EMBEDDING_SHIFT_ONEDNN", "1")
    with torch.inference_mode():
        with plain.fast():
            expected = tower(images)
        with Layers(tower).fast():
            found = tower(images)
    assert not torch.equal(found, expected), "nothing was compared"
    np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=2e-6, rtol=0)


def test_openais_activation_of_an_unknown_version_stays(monkeypatch):
    monkeypatch.setattr(activations, "VERSIONS", ("0.1",))
    perceptron = nn.Sequential(nn.Linear(4, 4), QuickGELU(), nn.Linear(4, 4)).requires_grad_(False)
    before = perceptron[0].weight.clone()
    activations.fold_quick_gelu(perceptron)
    assert isinstance(perceptron[1], QuickGELU)
    assert torch.equal(perceptron[0].weight, before)


@needs_onednn
def test_layers_are_computed_by_onednn_and_equal_double_precision(tower):
    pictures, layers = torch.randn(3, 3, 60, 48), Layers(tower)
    with torch.inference_mode():
        with layers.fast():
            found = tower(pictures)
            called = operators(lambda: tower(pictures))
            again = tower(pictures)
        expected = tower.double()(pictures.double())
    assert "mkldnn::_linear_pointwise" in called
    assert not called & OWN_OPERATORS
    assert torch.equal(found, again)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=2e-6, rtol=0)


class Products(nn.Module):
    """Every form in which a product with weights is written."""

    def __init__(self):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(40, 96)), nn.Parameter(torch.randn(40))

    def forms(self, values):
        weight, bias, rows = self.weight, self.bias, len(values)
        return {
            "linear": functional.linear(values, weight, bias),
            "linear without bias": functional.linear(values, weight),
            "of a stack": functional.linear(values.reshape(1, rows, 96), weight, bias),
            "of a part of the weights": functional.linear(values, weight[10:30], bias[10:30]),
            "of the first of the weights": functional.linear(values, weight[:20], bias[:20]),
            "matrices": values @ weight.T,
            "of a stack of matrices": values.reshape(1, rows, 96) @ weight.T,
            "of a vector": values[0] @ weight.T,
            "with what is no weight": values @ (2 * weight).T,
            "with what is no weight either": values @ (3 * weight).T,
            "addmm": torch.addmm(bias, values, weight.T),
            "addmm with factors": torch.addmm(bias, values, weight.T, beta=0.5),
            "addmm of a matrix": torch.addmm(torch.ones(rows, 40), values, weight.T),
        }


@needs_onednn
@pytest.mark.parametrize("rows", [1, 2, 800])
def test_every_form_of_a_product(rows):
    torch.manual_seed(1)
    products, values = Products(), torch.randn(rows, 96)
    layers = Layers(products)
    with torch.inference_mode():
        expected = products.forms(values)
        for _ in range(2):
            with layers.fast():
                found = products.forms(values)
            for name, result in expected.items():
                np.testing.assert_allclose(found[name].numpy(), result.numpy(), atol=5e-5, rtol=0, err_msg=name)


@needs_onednn
@pytest.mark.parametrize(
    "activation",
    [nn.GELU(), nn.GELU("tanh"), nn.SiLU(), nn.ReLU(), nn.Identity()],
    ids=lambda activation: repr(activation),
)
def test_activations_after_a_product(activation):
    torch.manual_seed(2)
    perceptron = nn.Sequential(nn.Linear(64, 96), activation, nn.Linear(96, 64)).eval()
    layers, values = Layers(perceptron), 3 * torch.randn(50, 64)
    with torch.inference_mode():
        with layers.fast():
            found = perceptron(values)
            called = operators(lambda: perceptron(values))
        expected = perceptron.double()(values.double())
    np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=5e-6, rtol=0)
    assert perceptron[1] is activation
    assert not called & {"aten::gelu", "aten::silu"}


class Shared(nn.Module):
    """A layer that stands in two places, or two layers with one weight; an activation follows in one of them."""

    def __init__(self, layer, same, activation):
        super().__init__()
        other = layer if same else nn.Linear(64, 64)
        other.weight, other.bias = layer.weight, layer.bias
        self.first = nn.Sequential(layer, activation, nn.Linear(64, 64))
        self.second = nn.Sequential(other, nn.ReLU())

    def forward(self, values):
        return self.second(self.first(values))


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("activation", [nn.GELU(), QuickGELU()], ids=repr)
def test_a_shared_weight_gets_nothing_of_the_activation_beside_one_of_its_layers(same, activation):
    torch.manual_seed(6)
    shared, values = Shared(nn.Linear(64, 64), same, activation).eval(), torch.randn(50, 64)
    with torch.inference_mode():
        expected = shared(values)
        activations.fold_quick_gelu(shared)
        with Layers(shared).fast():
            found = shared(values)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=5e-6, rtol=0)


@needs_onednn
@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 8, "stride": 4},
        {"kernel_size": 8, "stride": 8, "padding": 4},
        {"kernel_size": (4, 8), "stride": (4, 8), "bias": False},
        {"kernel_size": 4, "stride": 4, "dilation": 2},
        {"kernel_size": 4, "stride": 4, "groups": 3},
        {"kernel_size": 4, "stride": 4, "padding": "valid"},
    ],
    ids=str,
)
def test_convolutions_of_every_kind(options):
    torch.manual_seed(3)
    convolution, pictures = nn.Conv2d(3, 6, **options), torch.randn(2, 3, 35, 50)
    with torch.inference_mode():
        expected = convolution(pictures)
        with Layers(convolution).fast():
            found = convolution(pictures)
    np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=2e-6, rtol=0)


@needs_onednn
def test_bfloat16_is_within_its_rounding_of_double_precision(tower):
    pictures = torch.randn(3, 3, 48, 48).bfloat16()
    with torch.inference_mode():
        expected = tower.double()(pictures.double())
        tower.bfloat16()
        own = tower(pictures)
        with Layers(tower).fast():
            found = tower(pictures)
    error, own_error = ((result.double() - expected).square().mean().sqrt().item() for result in (found, own))
    assert error < 1.5 * own_error < 0.05


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_other_precisions_are_left_alone(dtype):
    layer, values = nn.Linear(8, 3, dtype=dtype), torch.randn(4, 8, dtype=dtype)
    with torch.inference_mode():
        expected = layer(values)
        with Layers(layer).fast():
            assert torch.equal(layer(values), expected)


def test_everything_is_as_before_afterwards(tower):
    perceptron = nn.Sequential(nn.Linear(4, 4), nn.GELU())
    activation = perceptron[1]
    assert torch.backends.mha.get_fastpath_enabled()
    with pytest.raises(KeyError), Layers(perceptron).fast():
        assert perceptron[1] is not activation
        raise KeyError
    assert perceptron[1] is activation
    assert torch.backends.mha.get_fastpath_enabled()
    with torch.inference_mode():
        assert "mkldnn::_linear_pointwise" not in operators(lambda: tower(torch.randn(1, 3, 16, 16)))


@needs_onednn
def test_products_with_a_watched_weight_are_seen_until_the_end_of_the_context():
    torch.manual_seed(5)
    perceptron, values = nn.Sequential(nn.Linear(64, 32), nn.Linear(32, 8)), torch.randn(7, 64)
    layers, seen = Layers(perceptron), {"one": [], "other": []}
    with torch.inference_mode(), layers.fast():
        expected, hidden = perceptron(values), perceptron[0](values)
        with layers.watched(perceptron[1].weight, seen["one"].append):
            with layers.watched(perceptron[1].weight, seen["other"].append):
                found = perceptron(values)
            perceptron(values)
        perceptron(values)
    assert torch.equal(found, expected)
    assert {name: len(inputs) for name, inputs in seen.items()} == {"one": 2, "other": 1}
    assert all(torch.equal(inputs, hidden) for inputs in seen["one"] + seen["other"])


def test_nothing_is_watched_where_pytorch_computes(without_onednn):
    layer = nn.Linear(8, 3)
    layers = Layers(layer)
    assert not layers.are_watchable
    with pytest.raises(ValueError, match="does not compute"), layers.watched(layer.weight, print):
        pass


class Attention(nn.Module):
    """PyTorch's attention function, with a weight that tells the precision."""

    def __init__(self, dtype, **options):
        super().__init__()
        self.weight, self.options = nn.Parameter(torch.ones(1, dtype=dtype)), options

    def forward(self, queries, keys, values):
        return functional.scaled_dot_product_attention(queries, keys, values, **self.options)


@needs_onednn
@pytest.mark.parametrize(
    "options",
    [{}, {"is_causal": True}, {"scale": 0.5}, {"attn_mask": torch.tensor([[0.0, -3.0, 1.0]]).bfloat16()}],
    ids=str,
)
def test_attention_in_bfloat16_is_within_its_rounding_of_double_precision(options):
    torch.manual_seed(4)
    attention = Attention(torch.bfloat16, **options)
    queries, keys, values = (torch.randn(2, tokens, 5, 16).bfloat16().transpose(1, 2) for tokens in (3, 3, 3))
    with torch.inference_mode():
        with Layers(attention).fast():
            found = attention(queries, keys, values)
        mask = options.get("attn_mask")
        doubles = options if mask is None else options | {"attn_mask": mask.double()}
        inputs = (tensor.double() for tensor in (queries, keys, values))
        expected = functional.scaled_dot_product_attention(*inputs, **doubles)
    np.testing.assert_allclose(found.double().numpy(), expected.numpy(), atol=0.02, rtol=0)
