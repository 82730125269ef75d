"""WebDataset shards of views: a tar file with, for every image, `{image_id}.png` and `{image_id}.json`.

The PNG is stored uncompressed: it is lossless, opens in any viewer, and costs hardly more than copying the pixels.
Beside each shard stands its SHA-256 (`.sha256`, as sha256sum writes it), which is
checked whenever the shard is read.
"""

import hashlib
import json
import struct
import tarfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from embedding_shift.errors import InputError
from embedding_shift.io import atomic

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
EIGHT_BIT_RGB = bytes([8, 2, 0, 0, 0])  # bits per channel, colour type; the only compression and filter; not interlaced


@dataclass(frozen=True)
class View:
    """One picture of one image.

    Attributes:
        image_id: key of the sample.
        pixels: uint8 (size, size, 3), RGB.
        record: what was drawn for it, as JSON values.
    """

    image_id: str
    pixels: np.ndarray
    record: dict = field(default_factory=dict)


def shard_of(image_id, shards):
    """Return the number of the shard that holds `image_id`: a hash, so that no other image has a say in it."""
    return int.from_bytes(hashlib.sha256(image_id.encode()).digest()[:8], "big") % shards


def checksum_path(path):
    """Return where the SHA-256 of the shard at `path` stands."""
    return Path(f"{path}.sha256")


def write(path, views):
    """Write `views` (an iterable of View) to the shard at `path`, then its checksum.

    The same views give the same bytes: times, owners and modes in the tar are fixed.
    """
    digest = hashlib.sha256()
    with atomic.whole(path) as temporary, open(temporary, "wb") as file:
        for part in _tar(views):
            file.write(part)
            digest.update(part)
    atomic.write_text(checksum_path(path), f"{digest.hexdigest()}  {Path(path).name}\n")


def read(path):
    """Yield the views of the shard at `path`, in their order.

    Raises:
        InputError: the shard is not the one that was written. It is deleted, so that a rerun builds it anew.
    """
    with _verified(path) as file:
        for image_id, record, png in _samples(file):
            yield View(image_id, _decode(png.read()), record)


def read_records(path):
    """Yield (image id, record) of the views of the shard at `path`, in their order, without decoding any pixels.

    Raises:
        InputError: as `read`.
    """
    with _verified(path) as file:
        for image_id, record, _ in _samples(file):
            yield image_id, record


@contextmanager
def _verified(path):
    """Open the shard at `path` for reading; delete it where its checksum or its content is wrong."""
    try:
        with open(path, "rb") as file:
            _verify(path, file)
            file.seek(0)
            yield file
    except FileNotFoundError:
        raise _absent(path) from None
    except (tarfile.TarError, ValueError) as error:
        raise _damaged(path, f"it is no shard of views ({error})") from None


def _samples(file):
    """Yield (image id, record, file object of the PNG) of every view in an open tar."""
    with tarfile.open(fileobj=file, mode="r:") as archive:
        record = {}
        for member in archive:
            archive.members.clear()  # It would keep them all.
            if not member.isreg() or member.issparse():
                raise ValueError(f"{member.name!r} is not a plain file")
            image_id, _, suffix = member.name.rpartition(".")
            data = archive.extractfile(member)
            if suffix == "json":
                record = json.loads(data.read())
            else:
                yield image_id, record, data


def count(path):
    """Return the number of views in the shard at `path`, from its headers alone.

    Raises:
        InputError: the headers cannot be read; as `read`.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            return sum(member.name.endswith(".png") for member in archive)
    except FileNotFoundError:
        raise _absent(path) from None
    except tarfile.TarError as error:
        raise _damaged(path, error) from None


def read_selected(paths, image_ids):
    """Return {image_id: View} of the given images, reading only the shards that can hold them.

    Args:
        paths: every shard of one augmentation, in the order of their numbers.
        image_ids: the images wanted.
    """
    wanted = {shard_of(image_id, len(paths)) for image_id in image_ids}
    views = (view for shard in sorted(wanted) for view in read(paths[shard]))
    found = {view.image_id: view for view in views if view.image_id in set(image_ids)}
    missing = [image_id for image_id in image_ids if image_id not in found]
    if missing:
        raise InputError(f"no image {missing[0]!r} in {Path(paths[0]).parent}")
    return {image_id: found[image_id] for image_id in image_ids}


def _verify(path, file):
    checksum = checksum_path(path)
    words = checksum.read_bytes().split() if checksum.exists() else []
    expected = words[0].decode("ascii", "replace") if words else "no checksum"
    found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise _damaged(path, f"its SHA-256 is {found}, not {expected}")


def _absent(path):
    return InputError(f"there is no shard {path}; another job may have found it damaged. Run again.")


def _damaged(path, finding):
    checksum_path(path).unlink(missing_ok=True)
    return atomic.damaged(path, finding)


def _tar(views):
    """Yield the bytes of the tar file of `views`, part by part."""
    size = 0
    for view in views:
        record = json.dumps(view.record, sort_keys=True).encode()
        for suffix, data in (("json", record), ("png", _encode(view.pixels))):
            for part in (_header(f"{view.image_id}.{suffix}", data), data, bytes(-len(data) % tarfile.BLOCKSIZE)):
                size += len(part)
                yield part
    end = 2 * tarfile.BLOCKSIZE
    yield bytes(end + -(size + end) % tarfile.RECORDSIZE)


def _header(name, data):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = 0o644
    return member.tobuf(tarfile.PAX_FORMAT)


def _encode(pixels):
    """Return the PNG of uint8 (height, width, 3): every row as it is, behind the number of its filter, 0 for none."""
    height, width, channels = pixels.shape
    rows = np.zeros((height, 1 + width * channels), np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">II", width, height) + EIGHT_BIT_RGB
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, level=0)), (b"IEND", b""))
    return PNG_SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
        for kind, data in chunks
    )


def _decode(data):
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB) if data else None
    if pixels is None:
        raise ValueError("a picture cannot be decoded")
    return pixels
