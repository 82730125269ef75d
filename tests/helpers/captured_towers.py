"""Captured views of a small made-up tower, as files, for tests of read-outs without an encoder."""

import json

import numpy as np

from embedding_shift.io import array_files
from embedding_shift.mechanism.captured_views import CapturedViews
from embedding_shift.mechanism.registry import Settings
from embedding_shift.mechanism.shares import end_of_stream
from embedding_shift.mechanism.tower import Tower
from embedding_shift.statistics import bootstrap
from embedding_shift.views.view_record import Step, ViewRecord

SETTINGS = Settings("fp32", 3, bootstrap.Settings(200, 0.95, 1))
WIDTH, HEAD_WIDTH, SIZE, GRID, LATENTS = 12, 3, 8, (4, 5), 3


def tower(layers=2, heads=2, **changes):
    """Return a tower with a class token, or with other attributes."""
    generator = np.random.default_rng(0)
    attributes = {
        "pooling": "class token",
        "norm": "scaled",
        "eps": 1e-6,
        "blocks": layers,
        "grid": GRID,
        "weights": generator.normal(size=(layers, WIDTH, heads, HEAD_WIDTH)),
        "biases": generator.normal(size=(layers, WIDTH)),
        "matrix": generator.normal(size=(WIDTH, SIZE)),
        "offset": generator.normal(size=SIZE),
        "missing": {},
    }
    return Tower(**attributes | changes)


def record(number):
    """Return the record of a view that was flipped, and that drew a number."""
    step = Step("HorizontalFlip", {}, 1, {"strength": float(number), "places": [0.5, 2 * number], "seed": number})
    return json.dumps(ViewRecord("weak", "0" * 64, (step,), 0, (224, 224)).as_json())


def arrays(of, images, seed, shift=0.0):
    """Return what is captured of `images` images; a shift of 0 is the original."""
    layers, heads = of.weights.shape[0], of.weights.shape[2]
    first, second = np.random.default_rng(1), np.random.default_rng(seed)

    def draw(*shape):
        return first.normal(size=(images, *shape)) + shift * second.normal(size=(images, *shape))

    parts = {"heads": draw(layers, heads, HEAD_WIDTH), "mlps": draw(layers, WIDTH)}
    parts |= {"start": np.tile(np.linspace(0, 1, WIDTH), (images, 1)), "total": np.ones(images)}
    patches = draw(GRID[0] * GRID[1], SIZE)
    last = end_of_stream(parts, of)
    stream = np.concatenate([parts["start"][:, None], draw(layers - 1, WIDTH), last[:, None]], 1)
    weights = np.exp(draw(LATENTS, 2 + LATENTS))
    return parts | {
        "latents": draw(LATENTS, SIZE),
        "latent_attention": weights / weights.sum(-1, keepdims=True),
        "stream_class": stream,
        "stream_patch": draw(layers + 1, WIDTH),
        "patches": patches / np.linalg.norm(patches, axis=-1, keepdims=True),
        "embedding": of.read_out(last),
        "record": np.array([record(number) for number in range(images)]),
    }


def captured(folder, of, by_view, shards=1):
    """Write the arrays of every view to files, in shards, and return them as CapturedViews."""
    paths = {}
    for view, found in by_view.items():
        images = np.array([f"image{number:03d}" for number in range(len(found["embedding"]))])
        paths[view] = [folder / f"{view}-{shard}.npz" for shard in range(shards)]
        for shard, path in enumerate(paths[view]):
            chosen = slice(shard, None, shards)
            array_files.write(path, images[chosen], **{name: array[chosen] for name, array in found.items()})
    return CapturedViews(paths, of)


def usual(folder, of=None, images=12, shards=1):
    """Return captured originals and two augmentations: a weak and a strong one."""
    of = of or tower()
    views = {
        "original": arrays(of, images, 0),
        "weak": arrays(of, images, 2, 0.1),
        "strong": arrays(of, images, 3, 5.0),
    }
    return captured(folder, of, views, shards)
