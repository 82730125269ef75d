"""The elastic transform in a fraction of the time: blurring a noise field by a wide Gaussian is a matrix product."""

from functools import lru_cache

import cv2
import numpy as np

from embedding_shift.compat.albumentations_import import albumentations

functional = albumentations.augmentations.geometric.functional
UNBLURRED = {"alpha": 1, "sigma": 1, "kernel_size": (1, 1)}
RANKS = (16, 24, 32)
LARGEST_ERROR = 1e-9


class ElasticTransform(albumentations.ElasticTransform):
    """albumentations' ElasticTransform: the same arguments, draws and displacements, up to their rounding.

    A Gaussian blur is linear in rows and in columns, hence two products with matrices that depend on nothing but its
    deviation and the picture's size. That of a wide Gaussian has few degrees of freedom, so that rows get short before
    columns are blurred.
    """

    def get_params_dependent_on_data(self, params, data):
        """Return where each pixel comes from: float32 (height, width) of columns, `map_x`, and of rows, `map_y`."""
        if self.approximate:
            return super().get_params_dependent_on_data(params, data)
        height, width = params["shape"][:2]
        fields = functional.generate_displacement_fields(
            (height, width),
            same_dxdy=self.same_dxdy,
            random_generator=self.random_generator,
            noise_distribution=self.noise_distribution,
            **UNBLURRED,
        )
        # albumentations blurs the two fields as one picture, that of x above that of y.
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
def blur_matrix(size, sigma):
    """Return the matrix that blurs a column of `size` pixels as OpenCV does: float32 (size, size), rows sum to 1."""
    return _exact_matrix(size, sigma).astype(np.float32)


@lru_cache(maxsize=8)
def blur_factors(size, sigma):
    """Return matrices that one after the other do what `blur_matrix` does: float32 (rank, size) and (size, rank).

    Where the Gaussian is wide and not cut off within the picture, its blur is smooth: some of the blurred values, near
    Chebyshev nodes, give all others by polynomial interpolation, in the barycentric form (Berrut and Trefethen 2004,
    SIAM Review 46:501–517). Elsewhere `blur_matrix` is the only factor.
    """
    matrix = _exact_matrix(size, sigma)
    for rank in RANKS:
        nodes = np.unique(np.rint((1 - np.cos((np.arange(rank) + 0.5) * np.pi / rank)) / 2 * (size - 1)).astype(int))
        between = _interpolation(size, nodes)
        if len(nodes) == rank and np.abs(between @ matrix[nodes] - matrix).max() < LARGEST_ERROR:
            return matrix[nodes].astype(np.float32), between.astype(np.float32)
    return (blur_matrix(size, sigma),)


def _exact_matrix(size, sigma):
    impulses = np.eye(size)
    # A kernel of one column, and of as many rows as OpenCV finds fit for sigma.
    return cv2.GaussianBlur(impulses, (1, 0), sigmaX=1, sigmaY=sigma, borderType=cv2.BORDER_REPLICATE)


def _interpolation(size, nodes):
    """Return float64 (size, number of nodes): the polynomial through values at `nodes`, at 0, …, size − 1."""
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


def _product(one, other):
    """Matrix product by OpenCV: on one thread, however many NumPy would take from the jobs beside this one."""
    return cv2.gemm(one, other, 1, None, 0)
