"""Check what was fetched by reading it, whatever its header said."""

from embedding_shift.data import decoding, webdataset_shards
from embedding_shift.data.acquisition.outcome import UNUSABLE, Problem
from embedding_shift.errors import InputError

# By a part of the decoder's message, which itself names sizes and details of the damage.
IMAGE_REASONS = {
    "file is empty": ("empty", True),
    "not an image": ("not an image", False),
    "pixels are allowed": ("too many pixels", False),
}


class ImageCheck:
    """Accepts files that decode to an image of at most `max_pixels`."""

    def __init__(self, max_pixels):
        self._max_pixels = max_pixels

    def limits(self):
        """Return, as text, the limit that this check applies."""
        return f"max_pixels={self._max_pixels}"

    def __call__(self, path):
        """Decode the file at `path`.

        Raises:
            Problem: it cannot be used. An empty or damaged image may have been cut short on its way: worth a retry.
        """
        try:
            decoding.decode(path.read_bytes(), self._max_pixels)
        except InputError as error:
            found = [reason for part, reason in IMAGE_REASONS.items() if part in str(error)]
            reason, retry = found[0] if found else ("damaged image", True)
            raise Problem(UNUSABLE, reason, retry) from None


class ShardCheck:
    """Accepts WebDataset shards: complete, uncompressed tar files."""

    def limits(self):
        """Return, as text, the limit that this check applies: none."""
        return ""

    def __call__(self, path):
        """Read the headers of the tar at `path`.

        Raises:
            Problem: it is no tar, or damaged; it may have been cut short on its way.
        """
        try:
            webdataset_shards.members(path)
        except InputError:
            raise Problem(UNUSABLE, "not a usable tar", retry=True) from None
