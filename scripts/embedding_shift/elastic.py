"""The elastic transform in a fraction of the time: blurring a noise field by a wide Gaussian is a matrix product."""

from functools import lru_cache

import cv2
import numpy as np

from embedding_shift.transform_library import albumentations

functional = albumentations.augmentations.geometric.functional
UNBLURRED = {"alpha": 1, "sigma": 1, "kernel_size": (1, 1)}


class ElasticTransform(albumentations.ElasticTransform):
    """albumentations' ElasticTransform: the same arguments, draws and displacements, up to their rounding.

    A Gaussian blur is linear in rows and in columns, hence two products with matrices that depend on nothing but its
    deviation and the picture's size.
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
        blurred = _product(blur_matrix(len(noise), self.sigma), _product(noise, blur_matrix(width, self.sigma).T))
        displacement = self.alpha * blurred.reshape(-1, height, width)
        return {
            "map_x": (np.arange(width) + displacement[0]).astype(np.float32),
            "map_y": (np.arange(height)[:, np.newaxis] + displacement[-1]).astype(np.float32),
        }


@lru_cache(maxsize=8)
def blur_matrix(size, sigma):
    """Return the matrix that blurs a column of `size` pixels as OpenCV does: float32 (size, size), rows sum to 1."""
    impulses = np.eye(size)
    # A kernel of one column, and of as many rows as OpenCV finds fit for sigma.
    blurred = cv2.GaussianBlur(impulses, (1, 0), sigmaX=1, sigmaY=sigma, borderType=cv2.BORDER_REPLICATE)
    return blurred.astype(np.float32)


def _product(one, other):
    """Matrix product by OpenCV: on one thread, however many NumPy would take from the jobs beside this one."""
    return cv2.gemm(one, other, 1, None, 0)
