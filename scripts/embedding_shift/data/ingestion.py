"""Read, decode and resize the listed images."""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

from embedding_shift.data import decoding, resizing, webdataset_shards
from embedding_shift.data.listing import ListedImage
from embedding_shift.data.manifest import IngestedImage
from embedding_shift.errors import InputError
from embedding_shift.io import shards


def ingest(
    images: Iterable[ListedImage],
    size: int,
    max_pixels: int,
    resize: str = resizing.BILINEAR,
    threads: int = 1,
) -> Iterator[tuple[IngestedImage, shards.View | None]]:
    """Decode and resize the listed images.

    Args:
        images: the listed images. One that already has a `reason` is passed on without being read.
        size: side of the views in pixels.
        max_pixels: images with more pixels are rejected.
        resize: name of the method in `resizing.METHODS`.
        threads: number of threads that share the images.

    Yields:
        (image, view): the ingested image, and its view or None if the image is rejected, in the order of the images.
    """
    ingested = partial(_ingested, size, max_pixels, resize)
    if threads == 1:
        yield from map(ingested, images)
        return
    with decoding.lenient(), ThreadPoolExecutor(threads) as pool:
        begun: deque[Future[tuple[IngestedImage, shards.View | None]]] = deque()
        for image in images:
            begun.append(pool.submit(ingested, image))
            if len(begun) > 2 * threads:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()


def _ingested(size: int, max_pixels: int, resize: str, image: ListedImage) -> tuple[IngestedImage, shards.View | None]:
    try:
        digest, decoded = read(image, max_pixels)
    except InputError as error:
        return IngestedImage.rejected(image, str(error)), None
    pixels = resizing.METHODS[resize](decoded.pixels, size)
    return _usable(image, digest, decoded), shards.View(image.image_id, pixels, {"image_sha256": digest})


def _usable(image: ListedImage, digest: str, decoded: decoding.DecodedImage) -> IngestedImage:
    height, width = decoded.pixels.shape[:2]
    found = (digest, decoding.pixels_sha256(decoded.pixels), width, height, "; ".join(decoded.remarks))
    return IngestedImage.usable(image, *found)


def read(image: ListedImage, max_pixels: int) -> tuple[str, decoding.DecodedImage]:
    """Return the SHA-256 of the image's file, and the decoded image.

    Raises:
        InputError: the image cannot be used; the message is the reason.
    """
    if image.reason:
        raise InputError(image.reason)
    data = _bytes_of(image)
    digest = hashlib.sha256(data).hexdigest()
    if image.sha256 and image.sha256 != digest:
        raise InputError(f"its SHA-256 is {digest}, not {image.sha256}")
    return digest, decoding.decode(data, max_pixels)


def _bytes_of(image: ListedImage) -> bytes:
    if Path(image.root).is_file():
        return webdataset_shards.read(image.root, image.path.partition("#")[2])
    try:
        return _read_inside(Path(image.path), Path(image.root).resolve())
    except FileNotFoundError:
        raise InputError("there is no such file") from None
    except IsADirectoryError:
        raise InputError("this is a folder") from None
    except PermissionError:
        raise InputError("no permission to read it") from None
    except OSError as error:
        raise InputError(f"it cannot be read: {error.strerror}") from None
    except (RuntimeError, ValueError) as error:  # Circular links, or a character that no path can contain.
        raise InputError(f"this is not a path: {error}") from None


def _read_inside(path: Path, root: Path) -> bytes:
    if not path.resolve().is_relative_to(root):
        raise InputError(f"the path leaves the dataset's folder {root.name}")
    if not path.is_dir() and not path.is_file():
        raise InputError("this is not a regular file" if path.exists() else "there is no such file")
    if (size := path.stat().st_size) > webdataset_shards.LARGEST_FILE:
        raise InputError(f"the file has {size} bytes; at most {webdataset_shards.LARGEST_FILE} are read")
    return path.read_bytes()
