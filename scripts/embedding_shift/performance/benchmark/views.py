"""What one view costs outside the encoder, in one thread: augmentation, shards in several formats, metrics."""

import io
import tempfile
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from embedding_shift.data import decoding
from embedding_shift.io import shards
from embedding_shift.metrics import evaluate, registry
from embedding_shift.performance.benchmark.timing import Row, median_seconds
from embedding_shift.views import geometry, transforms
from embedding_shift.views.record import ViewRecord

REPEATS = 3


def rows(photographs, configured):
    """Yield the costs per view.

    Args:
        photographs: bytes of image files.
        configured: the section `augmentations` of the configuration.
    """
    pixels = [decoding.resize(decoding.decode(data, 10**8).pixels, 224) for data in photographs]

    def cost(section, name, function):
        milliseconds = 1000 * median_seconds(function, REPEATS) / len(pixels)
        return Row(section, name, milliseconds, "ms")

    yield cost(
        "images",
        "decode and resize",
        lambda: [decoding.resize(decoding.decode(data, 10**8).pixels, 224) for data in photographs],
    )
    originals = [shards.View(f"{place:04d}", picture, {"seed": place}) for place, picture in enumerate(pixels)]
    for name, entry in configured.items():
        transform = transforms.build(entry["transform"], entry.get("parameters", {}))
        views = augment_all(transform, originals)
        records = record_all(name, entry, originals)
        yield cost("augmentation", name, partial(augment_all, transform, originals))
        yield cost("metrics", f"pixels {name}", partial(measure_pixels, originals, views, records))
        yield cost("metrics", f"registered attention {name}", partial(measure_registered, records))
    maps = np.random.default_rng(0).random((len(pixels), 12, 7, 7), dtype=np.float32)
    yield cost("metrics", "attention", lambda: [m.function(maps, maps[::-1]) for m in registry.of_kind("attention")])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "00000.tar"
        yield cost("shards", "write", lambda: shards.write(path, originals))
        yield cost("shards", "read", lambda: list(shards.read(path)))
        yield Row("shards", "size", path.stat().st_size / len(pixels) / 1000, "kB")
    yield from format_rows(pixels)


def augment_all(transform, views):
    """Return the Views that `transform` makes of Views."""
    return [
        shards.View(view.image_id, transforms.apply(transform, view.pixels, view.record["seed"])[0], view.record)
        for view in views
    ]


def record_all(name, entry, views):
    """Return the ViewRecords of the views that the augmentation `name` makes of Views."""
    arguments = entry.get("parameters", {})
    return [
        ViewRecord(name, "", entry["transform"], arguments, view.record["seed"], 0, {}, view.pixels.shape[:2])
        for view in views
    ]


def measure_pixels(originals, views, records):
    """Compute all pixel metrics."""
    for original, view, record in zip(originals, views, records, strict=True):
        for _ in evaluate.of_pixels(original.pixels, view.pixels, geometry.correspondence(record)):
            pass


def measure_registered(records):
    """Compute the registered attention metrics of random maps; without a warp they are not computed again."""
    maps = np.random.default_rng(0).random((2, 12, 7, 7), dtype=np.float32)
    for record in records:
        correspondence = geometry.correspondence(record)
        for metric in registry.of_kind("registered_attention") if correspondence else ():
            metric.function(*maps, correspondence)


def format_rows(pixels):
    """Yield size and times of other lossless formats that a shard could hold, without the tar around them."""
    compressed = [cv2.IMWRITE_PNG_COMPRESSION, 1]
    formats = {
        "PNG, compressed": (lambda picture: cv2.imencode(".png", picture, compressed)[1].tobytes(), _decode),
        "WebP, lossless": (_as_webp, _decode),
        "NumPy": (_as_numpy, lambda data: np.load(io.BytesIO(data))),
    }
    for name, (encode, decode) in formats.items():
        stored = [encode(picture) for picture in pixels]
        write = median_seconds(lambda encode=encode: [encode(picture) for picture in pixels], 1)
        read = median_seconds(lambda stored=stored, decode=decode: [decode(data) for data in stored], 1)
        yield Row("shards", f"{name}: write", 1000 * write / len(pixels), "ms")
        yield Row("shards", f"{name}: read", 1000 * read / len(pixels), "ms")
        yield Row("shards", f"{name}: size", sum(map(len, stored)) / len(pixels) / 1000, "kB")


def _decode(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def _as_webp(picture):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "WEBP", lossless=True, method=0)
    return file.getvalue()


def _as_numpy(picture):
    file = io.BytesIO()
    np.save(file, picture)
    return file.getvalue()
