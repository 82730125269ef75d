"""A fast elastic transform: blurring a noise field by a wide Gaussian is a product of matrices."""

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from embedding_shift.compat import albumentations_internals
from embedding_shift.compat.albumentations_import import albumentations

RANKS = (16, 24, 32)
LARGEST_ERROR = 1e-9


class FastElasticTransform(albumentations.ElasticTransform):
    """ElasticTransform of albumentations, faster: the same arguments, draws and, up to rounding, displacements.

    A Gaussian blur is linear in rows and in columns. It is therefore a product with two matrices that depend on the
    standard deviation and on the size of the image only. The matrix of a wide Gaussian has few degrees of freedom, so
    that the rows are shortened before the columns are blurred.
    """

    def get_params_dependent_on_data(self, params: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        """Return the places that the pixels come from: float32 (height, width), columns `map_x` and rows `map_y`."""
        height, width = params["shape"][:2]
        fields = None if self.approximate else albumentations_internals.displacement_noise(self, (height, width))
        if fields is None:
            return super().get_params_dependent_on_data(params, data)
        # albumentations blurs the two fields as one image, the field of x above the field of y.
        noise = np.concatenate(fields[:1] if self.same_dxdy else fields)
        shorten, *lengthen = blur_factors(width, self.sigma)
        blurred = _product(blur_matrix(len(noise), self.sigma), _product(noise, shorten.T))
        for factor in lengthen:
            blurred = _product(blurred, factor.T)
        displacement = self.alpha * blurred.reshape(-1, height, width)
        return {
            "map_x": (np.arange(width) + displacement[0]).astype(np.float32),
            "map_y": (np.arange(height)[:, np.newaxis] + displacement[-1]).astype(np.float32),
        }


@lru_cache(maxsize=8)
def blur_matrix(size: int, sigma: float) -> NDArray[np.float32]:
    """Return the matrix that blurs a column of `size` pixels as OpenCV does: float32 (size, size), rows sum to 1."""
    return _exact_matrix(size, sigma).astype(np.float32)


@lru_cache(maxsize=8)
def blur_factors(size: int, sigma: float) -> tuple[NDArray[np.float32], ...]:
    """Return matrices whose product is `blur_matrix`: float32 (rank, size), then (size, rank).

    The blur of a wide Gaussian that is not cut off within the image is smooth. A few of the blurred values, near
    Chebyshev nodes, then give all others by polynomial interpolation in its barycentric form (Berrut and Trefethen
    2004, SIAM Review 46:501–517). For any other Gaussian `blur_matrix` is the only factor.
    """
    matrix = _exact_matrix(size, sigma)
    for rank in RANKS:
        nodes = np.unique(np.rint((1 - np.cos((np.arange(rank) + 0.5) * np.pi / rank)) / 2 * (size - 1)).astype(int))
        between = _interpolation(size, nodes)
        if len(nodes) == rank and np.abs(between @ matrix[nodes] - matrix).max() < LARGEST_ERROR:
            return matrix[nodes].astype(np.float32), between.astype(np.float32)
    return (blur_matrix(size, sigma),)


def _exact_matrix(size: int, sigma: float) -> NDArray[Any]:
    """Return the matrix of `blur_matrix` as float64."""
    impulses = np.eye(size)
    # The kernel has one column, and as many rows as OpenCV chooses for sigma.
    return cv2.GaussianBlur(impulses, (1, 0), sigmaX=1, sigmaY=sigma, borderType=cv2.BORDER_REPLICATE)


def _interpolation(size: int, nodes: NDArray[np.int_]) -> NDArray[np.float64]:
    """Return float64 (size, number of nodes): the weights that interpolate from values at `nodes` to 0, …, size − 1."""
    # On an interval of length 4 the products of distances neither vanish nor grow.
    places = np.arange(size) * (4 / max(size - 1, 1))
    distances = places[nodes][:, np.newaxis] - places[nodes]
    np.fill_diagonal(distances, 1)
    offsets = places[:, np.newaxis] - places[nodes]
    offsets[nodes, np.arange(len(nodes))] = 1
    terms = 1 / (distances.prod(axis=1) * offsets)
    weights = terms / terms.sum(axis=1, keepdims=True)
    weights[nodes] = np.eye(len(nodes))
    return weights


def _product(one: NDArray[np.float32], other: NDArray[np.float32]) -> Any:
    """Return the matrix product, computed by OpenCV. Its last digits depend on the threads of OpenBLAS: see `cli`."""
    return cv2.gemm(one, other, 1, None, 0)  # type: ignore[call-overload]  # The third matrix is optional.
