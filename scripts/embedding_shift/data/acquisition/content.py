"""Check fetched files by reading them; the headers of the response are not trusted."""

from pathlib import Path
from typing import Protocol

from embedding_shift.data import decoding, webdataset_shards
from embedding_shift.data.acquisition.outcome import UNUSABLE, Problem
from embedding_shift.errors import InputError

# {part of the decoder's message: (reason, retry)}. The full message contains sizes and details of the damage.
IMAGE_REASONS = {
    "file is empty": ("empty", True),
    "not an image": ("not an image", False),
    "pixels are allowed": ("too many pixels", False),
    "unsupported image": ("unsupported image", False),
}


class ContentCheck(Protocol):
    """Decides whether a fetched file is usable."""

    def limits(self) -> str:
        """Return, as text, the limits that this check applies: if they change, a rejected file is checked again."""

    def __call__(self, path: Path) -> str:
        """Check the file at `path`.

        Returns:
            A digest that the file shares with other files of the same image; empty for other kinds of content.

        Raises:
            Problem: the file cannot be used.
        """


class ImageCheck:
    """Accepts files that decode to an image of at most `max_pixels`."""

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels

    def limits(self) -> str:
        """Return, as text, the limit that this check applies."""
        return f"max_pixels={self._max_pixels}"

    def __call__(self, path: Path) -> str:
        """Decode the file at `path` and return the digest of its pixels.

        Raises:
            Problem: the file cannot be used. An empty or damaged image may have been truncated in transit, so that
                a retry may help.
        """
        try:
            return decoding.pixels_sha256(decoding.decode(path.read_bytes(), self._max_pixels).pixels)
        except InputError as error:
            found = [reason for part, reason in IMAGE_REASONS.items() if part in str(error)]
            reason, retry = found[0] if found else ("damaged image", True)
            raise Problem(UNUSABLE, reason, retry) from None


class ShardCheck:
    """Accepts WebDataset shards: complete, uncompressed tar files."""

    def limits(self) -> str:
        """Return an empty text: this check has no limits."""
        return ""

    def __call__(self, path: Path) -> str:
        """Read the headers of the tar at `path`, and return an empty text.

        Raises:
            Problem: the file is not a tar, or is damaged. It may have been truncated in transit and is worth a retry.
        """
        try:
            webdataset_shards.members(path)
        except InputError:
            raise Problem(UNUSABLE, "not a usable tar", retry=True) from None
        return ""
