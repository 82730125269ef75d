"""Transforms that take colours or style from a picture of a folder."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from embedding_shift.compat.albumentations_import import albumentations
from embedding_shift.config import references as folders
from embedding_shift.config.entries import TransformEntry
from embedding_shift.errors import InputError
from embedding_shift.views.own_transforms import reference_pictures

Pixels = NDArray[np.uint8]
Range = tuple[float, float]


class FromFolder(albumentations.ImageOnlyTransform):
    """A transform that draws a reference from a folder, and how strongly it takes it up.

    Args:
        references: path of the folder; all files in it are pictures. They are resized to the size of the view.
        strength: range of the strength that is drawn.
        sha256: digest of the folder's content (see `references.digest`); None for any content.
    """

    def __init__(self, references: str, strength: Range, sha256: str | None, p: float) -> None:
        super().__init__(p=p)
        if not isinstance(references, str):
            raise ValueError(f"references: found {references!r}; it must be the path of a folder")
        self.references, self.strength, self.sha256 = references, strength, sha256
        self._adaptation(strength)  # to check the range

    def get_params(self) -> dict[str, Any]:
        """Draw the file name of the reference and the strength.

        Raises:
            InputError: the folder is missing or empty, or has another content.
        """
        names = _names(self.references, self.sha256)
        return {"reference": self.py_random.choice(names), "strength": self.py_random.uniform(*self.strength)}

    def apply(self, img: Pixels, reference: str, strength: float, **_: Any) -> Pixels:
        """Return the image in the style of the reference, uint8 as `img` (height, width, 3)."""
        picture = _read(str(Path(self.references, reference)), img.shape[:2])
        adaptation = self._adaptation((strength, strength))
        adapted: Pixels = albumentations.Compose([adaptation])(image=img, **{adaptation.metadata_key: [picture]})[
            "image"
        ]
        return adapted

    def _adaptation(self, strength: Range) -> Any:
        """Return the transform of albumentations with a range of its strength."""
        raise NotImplementedError


class FDAFromFolder(FromFolder):
    """Fourier domain adaptation: the image takes the amplitudes of its lowest frequencies from the reference.

    Yang and Soatto 2020, "FDA: Fourier Domain Adaptation for Semantic Segmentation", CVPR.

    Args:
        references, sha256: see `FromFolder`.
        beta_limit: half the side of the square of frequencies, as a share of the image, 0 to 0.5.
    """

    def __init__(
        self, references: str, beta_limit: Range = (0, 0.1), sha256: str | None = None, p: float = 1.0
    ) -> None:
        super().__init__(references, beta_limit, sha256, p)

    def _adaptation(self, strength: Range) -> Any:
        return albumentations.FDA(beta_limit=strength, p=1)


class HistogramMatchingFromFolder(FromFolder):
    """The image takes the histogram of each channel from the reference.

    Args:
        references, sha256: see `FromFolder`.
        blend_ratio: share of the matched image in the result, 0 to 1.
    """

    def __init__(
        self, references: str, blend_ratio: Range = (0.5, 1.0), sha256: str | None = None, p: float = 1.0
    ) -> None:
        super().__init__(references, blend_ratio, sha256, p)

    def _adaptation(self, strength: Range) -> Any:
        return albumentations.HistogramMatching(blend_ratio=strength, p=1)


class PixelDistributionAdaptationFromFolder(FromFolder):
    """The image takes the distribution of its colours from the reference.

    Args:
        references, sha256: see `FromFolder`.
        blend_ratio: share of the adapted image in the result, 0 to 1.
        transform_type: what is adapted: "pca", "standard" or "minmax", as in albumentations.
    """

    def __init__(
        self,
        references: str,
        blend_ratio: Range = (0.25, 1.0),
        transform_type: str = "pca",
        sha256: str | None = None,
        p: float = 1.0,
    ) -> None:
        self.transform_type = transform_type
        super().__init__(references, blend_ratio, sha256, p)

    def _adaptation(self, strength: Range) -> Any:
        return albumentations.PixelDistributionAdaptation(blend_ratio=strength, transform_type=self.transform_type, p=1)


def check(entries: Sequence[TransformEntry], image_size: int) -> None:
    """Raise InputError if a reference of one of the transforms is no picture."""
    for parameters in (entry["parameters"] for entry in entries if entry["transform"] in folders.TRANSFORMS):
        _check(parameters, image_size)


def _check(parameters: Mapping[str, Any], image_size: int) -> None:
    for name in _names(parameters["references"], parameters.get("sha256")):
        _read(str(Path(parameters["references"], name)), (image_size, image_size))


@lru_cache(maxsize=8)
def _names(folder: str, sha256: str | None) -> list[str]:
    """Return the file names of the references, once for all images of a job."""
    if sha256 is not None and folders.digest(folder) != sha256:
        raise InputError(
            f"the references in {folder} are not those of the configuration: their SHA-256 is not {sha256}"
        )
    return [path.name for path in folders.pictures(folder)]


@lru_cache(maxsize=64)
def _read(path: str, shape: tuple[int, int]) -> Pixels:
    """Return a picture as `reference_pictures.read` does, resized to `shape`."""
    resized = cv2.resize(reference_pictures.read(path), shape[::-1], interpolation=cv2.INTER_AREA).astype(np.uint8)
    resized.flags.writeable = False
    return resized
