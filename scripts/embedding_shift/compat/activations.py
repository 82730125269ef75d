"""The activations of an image tower: those that can be part of a product, and OpenAI's in fewer operations.

Reason: OpenAI's activation, x · sigmoid(1.702 x), is three operations. SiLU, x · sigmoid(x), is one, and oneDNN applies
it as part of a product.

Written for: open_clip_torch 3.3.0, whose class for this activation is `open_clip.transformer.QuickGELU`.

Fallback: with any other version, the activation stays as it is.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from torch import nn

from embedding_shift.compat import versions

VERSIONS = ("3.3.0",)
QUICK_GELU_FACTOR = 1.702


class AppliedActivation(NamedTuple):
    """An activation that oneDNN can apply as part of the product before it.

    Attributes:
        container: the container that calls the product and then the activation.
        name: name of the activation in the container.
        module: the activation.
        product: the linear layer before it.
        operation: oneDNN's names of the activation and of its algorithm.
    """

    container: nn.Sequential
    name: str
    module: nn.Module
    product: nn.Linear
    operation: tuple[str, str]


def applied_activations(tower: nn.Module) -> Iterator[AppliedActivation]:
    """Yield the activations of a tower that oneDNN can apply as part of a product."""
    own = _unshared_products(tower)
    for container, layers in _sequences(tower):
        for (_, product), (name, module) in pairwise(layers):
            operation = _operation(module)
            if operation and isinstance(product, nn.Linear) and product in own:
                yield AppliedActivation(container, name, module, product, operation)


def fold_quick_gelu(tower: nn.Module) -> None:
    """Replace OpenAI's activation by SiLU: x · sigmoid(1.702 x) = silu(1.702 x) / 1.702.

    The weights before and after the activation take the factors. Only rounding changes.

    Args:
        tower: image tower whose parameters need no gradient.
    """
    if not versions.is_installed("open_clip_torch", *VERSIONS):
        return
    from open_clip.transformer import QuickGELU

    own = _unshared_products(tower)
    for container, layers in _sequences(tower):
        for (_, before), (name, activation), (_, after) in zip(layers, layers[1:], layers[2:], strict=False):
            if isinstance(activation, QuickGELU) and {before, after} <= own:
                for weights in before.parameters():
                    weights.mul_(QUICK_GELU_FACTOR)
                after.get_parameter("weight").div_(QUICK_GELU_FACTOR)
                setattr(container, name, nn.SiLU())


def _sequences(tower: nn.Module) -> Iterator[tuple[nn.Sequential, list[tuple[str, nn.Module]]]]:
    """Yield every container that calls its layers one after the other, and these layers by name, in their order.

    nn.Sequential is the only container with a defined order. Layers that do nothing are left out.
    """
    for container in tower.modules():
        if isinstance(container, nn.Sequential):
            children = container.named_children()
            yield container, [(name, layer) for name, layer in children if not isinstance(layer, nn.Identity)]


def _unshared_products(tower: nn.Module) -> set[nn.Module]:
    """Return the linear layers that occur once in a tower and share no weights with another layer.

    A change of such a layer, for the sake of the activation next to it, affects nothing else.
    """
    layers = [layer for _, layer in tower.named_modules(remove_duplicate=False)]
    places = Counter(weights.data_ptr() for layer in layers for weights in layer.parameters(recurse=False))
    return {
        layer
        for layer in layers
        if isinstance(layer, nn.Linear) and all(places[weights.data_ptr()] == 1 for weights in layer.parameters())
    }


def _operation(activation: nn.Module) -> tuple[str, str] | None:
    """Return oneDNN's names of an activation and of its algorithm; None if oneDNN is not used for it."""
    if isinstance(activation, nn.GELU):
        return "gelu", activation.approximate
    return ("swish", "") if isinstance(activation, nn.SiLU) else None
