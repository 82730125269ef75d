"""Measure the machine's peak: the rate of matrix products of the size that encoders use."""

import contextlib
from collections.abc import Callable, Iterator

import torch

from embedding_shift.compat import onednn
from embedding_shift.performance.benchmark import gpu
from embedding_shift.performance.benchmark.timing import Row, cores, parallel_seconds

# Rows of a batch of 16 views in ViT-B/32, and its two widths.
ROWS, WIDTH, HIDDEN = 800, 768, 3072
PRODUCTS = 20
SECTION = "matrix product"
PYTORCH_FP32 = "fp32, PyTorch's own"


def rows() -> Iterator[Row]:
    """Yield the peak of every precision in GFLOP/s: of all cores together, or of the GPU."""
    if torch.cuda.is_available():
        for precision in gpu.precisions(on_gpu=True):
            yield Row(SECTION, precision, gpu.matrix_product_gflops(precision), "GFLOP/s")
        return
    work = 2 * ROWS * WIDTH * HIDDEN * PRODUCTS / 1e9
    speeds = {}
    for name in (PYTORCH_FP32, "fp32", "bf16"):
        seconds = parallel_seconds(cpu_products, (name,))
        speeds[name] = cores() * work / seconds
    for name, speed in speeds.items():
        yield Row(SECTION, name, speed, "GFLOP/s", "fp32", speed / speeds["fp32"])


def cpu_products(name: str) -> Callable[[], None]:
    """Return a function that computes PRODUCTS products in one thread, by oneDNN as in encoding or by PyTorch alone."""
    torch.set_num_threads(1)
    dtype = torch.bfloat16 if name == "bf16" else torch.float32
    values, layer = torch.randn(ROWS, WIDTH, dtype=dtype), torch.nn.Linear(WIDTH, HIDDEN, bias=False, dtype=dtype)
    computing = contextlib.nullcontext if name == PYTORCH_FP32 else onednn.Layers(layer).fast

    def multiply() -> None:
        with torch.inference_mode(), computing():
            for _ in range(PRODUCTS):
                layer(values)

    return multiply
