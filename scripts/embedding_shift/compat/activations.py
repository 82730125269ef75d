"""The activations between the layers of an image tower."""

from collections import Counter

from torch import nn

QUICK_GELU_FACTOR = 1.702


def sequences(tower):
    """Yield (container, [(name, layer), …]) of what is called one after the other, without what does nothing.

    nn.Sequential is the only container that tells the order in which it calls.
    """
    for container in tower.modules():
        if isinstance(container, nn.Sequential):
            children = container.named_children()
            yield container, [(name, layer) for name, layer in children if not isinstance(layer, nn.Identity)]


def products(tower):
    """Return the set of linear layers that stand in one place only and share no weights with another layer.

    What is done to one of these, for the sake of the activation beside it, concerns nothing else.
    """
    layers = [layer for _, layer in tower.named_modules(remove_duplicate=False)]
    places = Counter(weights.data_ptr() for layer in layers for weights in layer.parameters(recurse=False))
    return {
        layer
        for layer in layers
        if isinstance(layer, nn.Linear) and all(places[weights.data_ptr()] == 1 for weights in layer.parameters())
    }


def fold_quick_gelu(tower):
    """Turn OpenAI's activation, x · sigmoid(1.702 x) = silu(1.702 x) / 1.702, into SiLU, which is one operation.

    The factors go into the weights before and after it.
    """
    from open_clip.transformer import QuickGELU

    own = products(tower)
    for container, layers in sequences(tower):
        for (_, before), (name, activation), (_, after) in zip(layers, layers[1:], layers[2:], strict=False):
            if isinstance(activation, QuickGELU) and {before, after} <= own:
                for weights in before.parameters():
                    weights.mul_(QUICK_GELU_FACTOR)
                after.weight.div_(QUICK_GELU_FACTOR)
                setattr(container, name, nn.SiLU())
