"""What decides the numbers of an encoder besides its weights: device, precision, and settings of PyTorch."""

import contextlib
import os
from collections.abc import Iterator

import torch

from embedding_shift.compat import onednn
from embedding_shift.encoders import options
from embedding_shift.errors import InputError
from embedding_shift.io import array_store

# In tf32, a GPU rounds the factors of products to 10 bits and adds them up in single precision.
DTYPES = (torch.float32, torch.float32, torch.bfloat16, torch.float16)
PRECISIONS = dict(zip(options.PRECISIONS, DTYPES, strict=True))


def choose_device(name: str) -> torch.device:
    """Return the torch device for `auto`, `cpu`, `cuda` or `mps`; `auto` is the first available of cuda, mps and cpu.

    Raises:
        InputError: the device is not available.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(device for device, is_available in available.items() if is_available)
    if not available[name]:
        allowed = ", ".join(device for device, is_available in available.items() if is_available)
        raise InputError(f"device {name!r} is not available here; allowed are auto, {allowed}")
    return torch.device(name)


def check_precision(precision: str, device: torch.device) -> None:
    """Raise InputError if a device does not compute in a precision."""
    if precision == "tf32" and device.type != "cuda":
        raise InputError(f"precision 'tf32' needs an NVIDIA GPU, not device {device.type!r}; use fp32, bf16 or fp16")


@contextlib.contextmanager
def settings(precision: str) -> Iterator[None]:
    """Within this context, a GPU computes in the given precision and gives the same numbers in every run.

    By default, PyTorch computes convolutions in TF32 on GPUs, and may choose among algorithms by their speed.
    """
    matmul, convolution = torch.backends.cuda.matmul, torch.backends.cudnn.conv  # type: ignore[attr-defined]
    before = matmul.fp32_precision, convolution.fp32_precision
    deterministic, benchmark = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    matmul.fp32_precision = convolution.fp32_precision = "tf32" if precision == "tf32" else "ieee"
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    try:
        yield
    finally:
        matmul.fp32_precision, convolution.fp32_precision = before
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = deterministic, benchmark


def wait(device: torch.device) -> None:
    """Wait until a GPU has computed what this thread has asked it for. On other devices, nothing is left to wait for.

    Copying a result to the processor waits as well, but keeps a core at work meanwhile: CUDA asks again and again. With
    an event that blocks, the thread sleeps, and jobs beside it can use the core.
    """
    if device.type == "cuda":
        computed = torch.cuda.Event(blocking=True)
        computed.record(torch.cuda.current_stream(device))
        computed.synchronize()


def machine(device: torch.device) -> list[str]:
    """Return what the last digits of an encoder's numbers depend on at a machine: hardware and versions."""
    if device.type == "cuda":
        hardware = [torch.cuda.get_device_name(device), str(torch.version.cuda)]
    else:
        hardware = [array_store.processor(), torch.backends.cpu.get_cpu_capability(), os.environ.get(onednn.SWITCH, "")]
    return [device.type, *hardware, torch.__version__]
