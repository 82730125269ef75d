"""WebDataset shards of views: a tar file with, for every image, `{image_id}.png` and `{image_id}.json`.

The PNG is stored uncompressed: it is lossless, opens in any viewer, carries its own checksum, and costs a third of
the time of a compressed one. Beside each shard stands its SHA-256 (`.sha256`, as sha256sum writes it), which is
checked whenever the shard is read.
"""

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from embedding_shift import files
from embedding_shift.errors import InputError


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
    with files.whole(path) as temporary:
        with tarfile.open(temporary, "w", format=tarfile.PAX_FORMAT) as archive:
            for view in views:
                _add(archive, f"{view.image_id}.json", json.dumps(view.record, sort_keys=True).encode())
                _add(archive, f"{view.image_id}.png", _encode(view.pixels))
        digest = files.sha256(temporary)
    files.write_text(checksum_path(path), f"{digest}  {Path(path).name}\n")


def read(path):
    """Yield the views of the shard at `path`, in their order.

    Raises:
        InputError: the shard is not the one that was written. It is deleted, so that a rerun builds it anew.
    """
    _verify(path)
    try:
        yield from _views(path)
    except (tarfile.TarError, ValueError) as error:
        raise _damaged(path, f"it is no shard of views ({error})") from None


def _views(path):
    with tarfile.open(path, "r:") as archive:
        record = {}
        for member in archive:
            if not member.isreg() or member.issparse():
                raise ValueError(f"{member.name!r} is not a plain file")
            image_id, _, suffix = member.name.rpartition(".")
            data = archive.extractfile(member).read()
            if suffix == "json":
                record = json.loads(data)
            else:
                yield View(image_id, _decode(data), record)


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


def _verify(path):
    checksum = checksum_path(path)
    words = checksum.read_bytes().split() if checksum.exists() else []
    expected = words[0].decode("ascii", "replace") if words else "no checksum"
    try:
        found = files.sha256(path)
    except FileNotFoundError:
        raise _absent(path) from None
    if found != expected:
        raise _damaged(path, f"its SHA-256 is {found}, not {expected}")


def _absent(path):
    return InputError(f"there is no shard {path}; another job may have found it damaged. Run again.")


def _damaged(path, finding):
    checksum_path(path).unlink(missing_ok=True)
    return files.damaged(path, finding)


def _add(archive, name, data):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = 0o644
    archive.addfile(member, io.BytesIO(data))


def _encode(pixels):
    return cv2.imencode(".png", pixels[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 0])[1].tobytes()


def _decode(data):
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB) if data else None
    if pixels is None:
        raise ValueError("a picture cannot be decoded")
    return pixels
