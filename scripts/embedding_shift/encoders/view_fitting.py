"""How an encoder's preprocessing fits a square view to the input of its image tower, in numbers and in words."""

from collections.abc import Sequence
from typing import Any, NamedTuple

SQUASH, SHORTEST = "squash", "shortest"  # open_clip's resize modes; the third is "longest"


class Fitting(NamedTuple):
    """What happens to a square view before an image tower.

    Attributes:
        view_size: side of the view in pixels.
        resized: (height, width) to which the view is resized.
        image_size: (height, width) of the tower's input, to which the resized view is cropped or padded.
        interpolation: name of the interpolation.
    """

    view_size: int
    resized: tuple[int, int]
    image_size: tuple[int, int]
    interpolation: str

    @property
    def shows_whole_view(self) -> bool:
        """Whether the input shows the whole view and nothing else, so that attention maps cover the view."""
        return self.resized == self.image_size

    @property
    def is_resized(self) -> bool:
        """Whether the view is changed at all."""
        return self.image_size != (self.view_size, self.view_size)

    @property
    def share_shown(self) -> float:
        """The share of the view that the input shows, above 0 and at most 1."""
        height, width = (min(one, other) for one, other in zip(self.resized, self.image_size, strict=True))
        return height * width / (self.resized[0] * self.resized[1])

    def in_words(self, times: str) -> str:
        """Return what happens to the view, as the rest of a sentence that begins with the view.

        Args:
            times: sign between height and width.
        """
        text = f"is resized to {self._size(self.resized, times)} pixels by {self.interpolation} interpolation"
        if self.share_shown < 1:
            return f"{text} and cropped to the central {self._size(self.image_size, times)} pixels"
        return text if self.shows_whole_view else f"{text} and padded to {self._size(self.image_size, times)} pixels"

    def _size(self, size: tuple[int, int], times: str) -> str:
        return times.join(map(str, size))


def fit(view_size: int, image_size: Sequence[int], resize_mode: str, interpolation: str = "bicubic") -> Fitting:
    """Return the Fitting of square views to a tower.

    Args:
        view_size: side of the views in pixels.
        image_size: (height, width) of the tower's input.
        resize_mode: "squash" to ignore the aspect ratio; "shortest" to crop what exceeds the input; "longest" to pad.
        interpolation: name of the interpolation.
    """
    height, width = image_size
    side = max(height, width) if resize_mode == SHORTEST else min(height, width)
    resized = (height, width) if resize_mode == SQUASH else (side, side)
    return Fitting(view_size, resized, (height, width), interpolation)


def of_tower(view_size: int, tower: Any) -> Fitting:
    """Return the Fitting of square views to the tower that a bundle's provenance describes (`TowerDescription`)."""
    preprocessing = tower["preprocessing"]
    return fit(view_size, tower["image_size"], preprocessing["resize_mode"], preprocessing["interpolation"])


def warning(fitting: Fitting) -> str | None:
    """Return the warning to print before views are encoded; None if they enter the encoder unchanged."""
    if not fitting.is_resized:
        return None
    height, width = fitting.image_size
    text = f"each view of {fitting.view_size}×{fitting.view_size} pixels {fitting.in_words('×')} for this encoder"
    if not fitting.shows_whole_view:
        return f"{text}; its attention maps do not cover the view and are not used"
    return f"{text}; `image_size: {height}` makes views of its input size" if height == width else text
