"""The work of an encoder and the size of its files, as the forecast reads them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EncoderCost:
    """The work of an encoder per view and the size of its files; `encoder_counting.count` counts them.

    Attributes:
        gflop: 10⁹ floating-point operations per view; a multiplication and an addition count as two.
        tower_bytes: size of the image tower's weights in single precision.
        bundle_bytes: size of the bundle.
        embedding_bytes: size of the embedding of one view.
        attention_bytes: size of the attention maps of one view; 0 without maps.
    """

    gflop: float
    tower_bytes: int
    bundle_bytes: int
    embedding_bytes: int
    attention_bytes: int
