"""Undo the content encoding of an answer in blocks of bounded size, since a kilobyte can stand for a megabyte."""

import zlib

from embedding_shift.data.acquisition.outcome import BROKEN, FAILED, UNUSABLE, Problem

BLOCK = 65536


def decoder(encoding):
    """Return an object with `blocks(data)` and `finish()` for the value of a `Content-Encoding` header.

    No compression is asked for; an encoding that is unknown all the same is left to the check of the content.
    """
    return _Compressed() if encoding.strip().lower() in ("gzip", "x-gzip", "deflate") else _Plain()


class _Plain:
    def blocks(self, data):
        """Yield the bytes as they are."""
        yield data

    def finish(self):
        """Nothing can be missing."""


class _Compressed:
    def __init__(self):
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def blocks(self, data):
        """Yield the decoded bytes, at most BLOCK at a time.

        Raises:
            Problem: the bytes are not what the header said, or damaged.
        """
        more = True
        try:
            # A full block may leave decoded bytes behind though all of the input is taken.
            while more and not self._stream.eof:
                block = self._stream.decompress(data, BLOCK)
                data = self._stream.unconsumed_tail
                more = data or len(block) == BLOCK
                yield block
        except zlib.error:
            raise Problem(UNUSABLE, "damaged compression", retry=True) from None

    def finish(self):
        """Raise a Problem if the end of the compressed data has not come."""
        if not self._stream.eof:
            raise Problem(FAILED, BROKEN, retry=True)
