"""Measure the cost of one view outside the encoder, in one thread: augmentation, metrics, and formats of shards."""

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from embedding_shift.config.entries import AugmentationEntry, steps_of
from embedding_shift.data import decoding, resizing
from embedding_shift.io import shards
from embedding_shift.metrics import evaluate, registry
from embedding_shift.performance.benchmark.timing import Row, median_seconds
from embedding_shift.views import geometry
from embedding_shift.views.augment import Augmentation
from embedding_shift.views.view_record import ViewRecord

Pixels = NDArray[np.uint8]

REPEATS = 3
IMAGE_SIZE = 224
MAX_PIXELS = 10**8  # of a photograph


def rows(photographs: Sequence[bytes], augmentations: Mapping[str, AugmentationEntry]) -> Iterator[Row]:
    """Yield the costs per view.

    Args:
        photographs: content of the photograph files.
        augmentations: the section `augmentations` of the configuration.
    """

    def cost(section: str, name: str, function: Callable[[], object]) -> Row:
        milliseconds = 1000 * median_seconds(function, REPEATS) / len(photographs)
        return Row(section, name, milliseconds, "ms")

    yield cost("images", "decode and resize", partial(load, photographs))
    images = load(photographs)
    originals = [shards.View(f"{place:04d}", image, {"image_sha256": str(place)}) for place, image in enumerate(images)]
    for name, entry in augmentations.items():
        augmentation = Augmentation(name, steps_of(entry), root_seed=0)
        views = augment_all(augmentation, originals)
        records = [ViewRecord.from_json(view.record) for view in views]
        yield cost("augmentation", name, partial(augment_all, augmentation, originals))
        yield cost("metrics", f"pixels {name}", partial(measure_pixels, originals, views, records))
        yield cost("metrics", f"registered attention {name}", partial(measure_registered, records))
    maps = np.random.default_rng(0).random((len(images), 12, 7, 7), dtype=np.float32)
    yield cost("metrics", "attention", lambda: [m.function(maps, maps[::-1]) for m in registry.of_kind("attention")])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "00000.tar"
        yield cost("shards", "write", lambda: shards.write(path, originals))
        yield cost("shards", "read", lambda: list(shards.read(path)))
        yield Row("shards", "size", path.stat().st_size / len(images) / 1000, "kB")
    yield from format_rows(images)


def load(photographs: Sequence[bytes]) -> list[Pixels]:
    """Decode and resize photographs as the pipeline does."""
    return [resizing.bilinear(decoding.decode(data, MAX_PIXELS).pixels, IMAGE_SIZE) for data in photographs]


def augment_all(augmentation: Augmentation, originals: Sequence[shards.View]) -> list[shards.View]:
    """Return the views that an augmentation makes of original views."""
    return [augmentation.view_of(original) for original in originals]


def measure_pixels(
    originals: Sequence[shards.View], views: Sequence[shards.View], records: Sequence[ViewRecord]
) -> None:
    """Compute all pixel metrics of views."""
    for original, view, record in zip(originals, views, records, strict=True):
        for _ in evaluate.of_pixels(original.pixels, view.pixels, geometry.correspondence(record)):
            pass


def measure_registered(records: Sequence[ViewRecord]) -> None:
    """Compute the registered attention metrics of random maps for every view whose transforms move pixels."""
    maps = np.random.default_rng(0).random((2, 12, 7, 7), dtype=np.float32)
    for record in records:
        correspondence = geometry.correspondence(record)
        for metric in registry.of_kind("registered_attention") if correspondence else ():
            metric.function(*maps, correspondence)


def format_rows(images: Sequence[Pixels]) -> Iterator[Row]:
    """Yield size and times of other lossless formats for shards, without the tar."""
    formats: dict[str, tuple[Callable[[Pixels], bytes], Callable[[bytes], object]]] = {
        "PNG, compressed": (_as_png, _decode),
        "WebP, lossless": (_as_webp, _decode),
        "NumPy": (_as_numpy, lambda data: np.load(io.BytesIO(data))),
    }
    for name, (encode, decode) in formats.items():
        stored = [encode(image) for image in images]
        write = median_seconds(partial(_map, encode, images), 1)
        read = median_seconds(partial(_map, decode, stored), 1)
        yield Row("shards", f"{name}: write", 1000 * write / len(images), "ms")
        yield Row("shards", f"{name}: read", 1000 * read / len(images), "ms")
        yield Row("shards", f"{name}: size", sum(map(len, stored)) / len(images) / 1000, "kB")


def _map(function: Callable[[Any], object], items: Sequence[Any]) -> None:
    for item in items:
        function(item)


def _decode(data: bytes) -> object:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def _as_png(image: Pixels) -> bytes:
    return cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()


def _as_webp(image: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "WEBP", lossless=True, method=0)
    return file.getvalue()


def _as_numpy(image: Pixels) -> bytes:
    file = io.BytesIO()
    np.save(file, image)
    return file.getvalue()
