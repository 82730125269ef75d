"""Measure a GPU: matrix products, encoding from memory and from shards, and how busy it is during a run."""

import shutil
import statistics
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from embedding_shift.encoders import image_encoder, numerics, stored_encoding
from embedding_shift.io import shards
from embedding_shift.performance.benchmark.timing import Row, cores, median_seconds

SIDE, PRODUCTS = 8192, 10  # of square matrices, which keep all units of a large GPU busy
BATCHES, SHARDS = 16, 8
PASSES = 16  # over the shards, in which the start of the readers counts little, as in a run
REPEATS = 3
SECONDS_BETWEEN_SAMPLES = 0.25


def matrix_product_gflops(precision: str) -> float:
    """Return the GFLOP/s of products of large matrices."""
    dtype = numerics.PRECISIONS[precision]
    one, other = (torch.randn(SIDE, SIDE, device="cuda", dtype=dtype) for _ in range(2))

    def multiply() -> None:
        for _ in range(PRODUCTS):
            one @ other
        torch.cuda.synchronize()

    with numerics.settings(precision):
        return 2 * SIDE**3 * PRODUCTS / median_seconds(multiply, REPEATS) / 1e9


def encoding_rows(section: str, name: str, bundle: Path, precision: str) -> Iterator[Row]:
    """Yield the views per second of an encoder on a GPU: the forward pass alone, and `encode` from memory and shards.

    Args:
        section: section of the rows.
        name: name of the encoder.
        bundle: folder of its bundle.
        precision: name of the precision.
    """
    encoder = image_encoder.Encoder(bundle, "cuda", precision=precision, workers=max(1, cores() // 2))
    pixels = torch.zeros(
        encoder.batch_size, 3, *encoder.image_size, device="cuda", dtype=numerics.PRECISIONS[precision]
    )

    def pass_forward() -> None:
        for _ in range(BATCHES):
            encoder.visual(pixels)
        torch.cuda.synchronize()

    with torch.inference_mode(), numerics.settings(precision):
        forward = BATCHES * encoder.batch_size / median_seconds(pass_forward, REPEATS)
    forward_name = f"{name} {precision}, forward pass alone"
    yield Row(section, forward_name, forward, "views/s")
    generator = np.random.default_rng(0)
    views = [
        shards.View(str(place), generator.integers(256, size=(*encoder.image_size, 3), dtype=np.uint8))
        for place in range(BATCHES * encoder.batch_size)
    ]
    with tempfile.TemporaryDirectory() as folder:
        paths = {str(number): [Path(folder, f"{number}.tar")] * PASSES for number in range(SHARDS)}
        for number, (path, *_) in enumerate(paths.values()):
            shards.write(path, views[number::SHARDS])
        ways: dict[str, tuple[int, Callable[[], object]]] = {
            "": (len(views), lambda: encoder.encode(views, total=0)),
            ", from shards": (
                PASSES * len(views),
                lambda: stored_encoding.encode_shards(encoder, paths, None, name),
            ),
        }
        for way, (count, encode) in ways.items():
            speed = count / median_seconds(encode, REPEATS)
            yield Row(section, f"{name} {precision}{way}", speed, "views/s", forward_name, speed / forward)


@contextmanager
def busy() -> Iterator[Callable[[], float | None]]:
    """Yield a function that returns the mean utilisation of the GPU since the start, in percent; None if unknown.

    It is the share of time in which at least one kernel ran, as `nvidia-smi` samples it.
    """
    samples: list[float] = []
    stopped = threading.Event()

    def sample() -> None:
        query = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
        while shutil.which(query[0]) and not stopped.wait(SECONDS_BETWEEN_SAMPLES):
            done = subprocess.run(query, capture_output=True, text=True)
            if done.returncode:
                return
            samples.append(statistics.mean(float(line) for line in done.stdout.split()))

    sampling = threading.Thread(target=sample, daemon=True)
    sampling.start()
    try:
        yield lambda: statistics.mean(samples) if samples else None
    finally:
        stopped.set()
        sampling.join()


def precisions(on_gpu: bool) -> Mapping[str, torch.dtype]:
    """Return the precisions that are measured on a GPU or on a processor."""
    return numerics.PRECISIONS if on_gpu else {name: numerics.PRECISIONS[name] for name in ("fp32", "bf16")}
