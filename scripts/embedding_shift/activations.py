"""The activations between the layers of an image tower."""

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


def fold_quick_gelu(tower):
    """Turn OpenAI's activation, x · sigmoid(1.702 x) = silu(1.702 x) / 1.702, into SiLU, which is one operation.

    The factors go into the weights before and after it.
    """
    from open_clip.transformer import QuickGELU

    for container, layers in sequences(tower):
        for (_, before), (name, activation), (_, after) in zip(layers, layers[1:], layers[2:], strict=False):
            between_products = isinstance(before, nn.Linear) and isinstance(after, nn.Linear)
            if between_products and isinstance(activation, QuickGELU):
                for weights in before.parameters():
                    weights.mul_(QUICK_GELU_FACTOR)
                after.weight.div_(QUICK_GELU_FACTOR)
                setattr(container, name, nn.SiLU())
