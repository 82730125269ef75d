"""The gradient of an embedding's shift with respect to the pixels of a view.

A view enters the tower as in encoding: the model's own preprocessing resizes it in 8 bits. The gradient passes through
the transposed resizing, which is linear but for the rounding. The derivative of rounding is taken to be one (the
straight-through estimator, Bengio et al. 2013, arXiv:1308.3432). The shift itself is that of the rounded pixels.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from embedding_shift.encoders import numerics, view_fitting
from embedding_shift.encoders.image_encoder import Encoder
from embedding_shift.errors import InputError
from embedding_shift.io.shards import View

Pixels = NDArray[np.uint8]


class ShiftGradient:
    """The shift of single views of one image, 1 − cosine to the image's embedding, with its gradient.

    Views are computed one by one, so that nothing else changes the result.

    Args:
        encoder: an encoder with `batch_size` 1, in single or double precision.
        name: what an error calls the encoder.
        original: the image, uint8 (size, size, 3).
    """

    def __init__(self, encoder: Encoder, name: str, original: Pixels) -> None:
        self._encoder, self._name = encoder, name
        self._dtype = next(encoder.visual.parameters()).dtype
        self._resizing = _resizing(encoder, original.shape[0])
        self._target = self._direction(self.tower_pixels(original)).detach()

    def __call__(self, view: Pixels) -> tuple[float, NDArray[np.float32]]:
        """Return the shift of a view, 0 to 2, and its gradient with respect to the view's 8-bit values.

        Args:
            view: uint8 (size, size, 3), of the size of the original.

        Returns:
            the shift, and float32 (size, size, 3).

        Raises:
            InputError: the encoder has no gradient, or the memory of the device is too small.
        """
        pixels = self.tower_pixels(view).requires_grad_()
        try:
            shift = self.shift(pixels)
            (gradient,) = torch.autograd.grad(shift, pixels)
        except torch.OutOfMemoryError:
            raise InputError(
                f"the memory of device {str(self._encoder.device)!r} does not hold the gradient of the encoder"
                f" {self._name!r} for one view"
            ) from None
        except RuntimeError as error:
            if "does not require grad" not in str(error):
                raise
            raise InputError(f"the encoder {self._name!r} cannot be attacked: it has no gradient") from None
        channels = gradient[0].permute(2, 0, 1)
        if self._resizing is not None:
            rows, columns = self._resizing
            channels = rows.T @ channels @ columns
        return shift.item(), channels.permute(1, 2, 0).float().cpu().numpy()

    def shift(self, pixels: Tensor) -> Tensor:
        """Return the shift of one input of the tower, (1, height, width, 3) from 0 to 255, as a scalar.

        Half the squared distance of two vectors of unit length is 1 − cosine, without its cancellation of digits.
        """
        return (self._direction(pixels) - self._target).square().sum() / 2

    def tower_pixels(self, view: Pixels) -> Tensor:
        """Return the pixels of a view as they enter the tower before they are normalised, (1, height, width, 3)."""
        _, pixels = self._encoder.load([View("", view)])
        return pixels.to(self._encoder.device, self._dtype)

    def _direction(self, pixels: Tensor) -> Tensor:
        """Return the embedding (D,) at unit length."""
        with torch.enable_grad():
            normalised = (pixels.permute(0, 3, 1, 2) / 255 - self._encoder.mean) / self._encoder.std
            output: Any = self._encoder.visual(normalised.contiguous())
            embedding = output[0] if isinstance(output, tuple) else output  # CoCa returns its tokens as well.
            return functional.normalize(embedding[0], dim=0)


@contextlib.contextmanager
def reproducible() -> Iterator[None]:
    """Within this context, gradients are the same in every run, also on a GPU.

    The faster attention of a GPU adds up gradients in an arbitrary order.
    """
    with numerics.settings("fp32"), sdpa_kernel(SDPBackend.MATH):
        yield


def _resizing(encoder: Encoder, size: int) -> tuple[Tensor, Tensor] | None:
    """Return the matrices that resize the rows and the columns of square views to the tower's input; None without.

    A side of the input that is cropped takes part of the rows of a matrix; one that is padded adds rows of zeros.
    """
    preprocessing = encoder.preprocessing
    fitting = view_fitting.fit(size, encoder.image_size, preprocessing.resize_mode, preprocessing.interpolation)
    if not fitting.is_resized:
        return None
    dtype, device = next(encoder.visual.parameters()).dtype, encoder.device
    rows, columns = (
        _fitted(_interpolation(size, resized, fitting.interpolation), length).to(device, dtype)
        for resized, length in zip(fitting.resized, fitting.image_size, strict=True)
    )
    return rows, columns


def _interpolation(size: int, resized: int, interpolation: str) -> Tensor:
    """Return the matrix (resized, size) of the antialiased interpolation that Pillow computes."""
    # open_clip takes "random" for bicubic when it encodes.
    mode = "bilinear" if interpolation == "bilinear" else "bicubic"
    image = torch.eye(size, dtype=torch.float64)[None, None]
    return functional.interpolate(image, (resized, size), mode=mode, antialias=True)[0, 0]


def _fitted(matrix: Tensor, length: int) -> Tensor:
    """Return the central `length` rows of a matrix, with rows of zeros around them if it has fewer."""
    missing = length - len(matrix)
    if missing >= 0:
        return functional.pad(matrix, (0, 0, missing // 2, missing - missing // 2))
    start = round(-missing / 2)
    return matrix[start : start + length]
