"""Undo the content encoding of a response in blocks of bounded size: a kilobyte can decompress to a megabyte."""

import zlib
from collections.abc import Iterator
from typing import Protocol

from embedding_shift.data.acquisition.outcome import BROKEN, FAILED, UNUSABLE, Problem

BLOCK = 65536  # bytes


class Decoder(Protocol):
    """Decodes one response."""

    def blocks(self, data: bytes) -> Iterator[bytes]:
        """Yield the decoded bytes.

        Raises:
            Problem: the bytes are damaged or not encoded as declared.
        """

    def finish(self) -> None:
        """Check the end of the response.

        Raises:
            Problem: the response is incomplete.
        """


def decoder(encoding: str) -> Decoder:
    """Return the decoder for the value of a `Content-Encoding` header.

    Requests ask for no compression. Unknown encodings are not decoded; the check of the content rejects them.
    """
    return _Compressed() if encoding.strip().lower() in ("gzip", "x-gzip", "deflate") else _Plain()


class _Plain:
    def blocks(self, data: bytes) -> Iterator[bytes]:
        """Yield the bytes unchanged."""
        yield data

    def finish(self) -> None:
        """Do nothing: unencoded data has no end mark."""


class _Compressed:
    def __init__(self) -> None:
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def blocks(self, data: bytes) -> Iterator[bytes]:
        """Yield the decoded bytes, at most BLOCK at a time.

        Raises:
            Problem: the bytes are damaged or not encoded as declared.
        """
        more = True
        try:
            # After a full block, decoded bytes may remain although all input is consumed.
            while more and not self._stream.eof:
                block = self._stream.decompress(data, BLOCK)
                data = self._stream.unconsumed_tail
                more = bool(data) or len(block) == BLOCK
                yield block
        except zlib.error:
            raise Problem(UNUSABLE, "damaged compression", retry=True) from None

    def finish(self) -> None:
        """Raise a Problem if the compressed data is incomplete."""
        if not self._stream.eof:
            raise Problem(FAILED, BROKEN, retry=True)
