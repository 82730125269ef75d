"""Describe the machine that is measured."""

import platform
from collections.abc import Iterator
from pathlib import Path

import torch

from embedding_shift.performance.benchmark.timing import Row, cores

VECTOR_UNITS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")


def rows() -> Iterator[Row]:
    """Yield rows with the names of the processor and the GPU, and the version of PyTorch."""
    yield Row("machine", processor(), cores(), "cores")
    if torch.cuda.is_available():
        yield Row("machine", torch.cuda.get_device_name(), torch.cuda.device_count(), "GPUs")
    release = torch.__version__.partition("+")[0]
    yield Row("machine", "PyTorch", float(".".join(release.split(".")[:2])), "release")


def processor() -> str:
    """Return the processor's name, family, model and vector units on Linux; elsewhere the name that Python has for it.

    The name alone is not enough: processors of several generations, some twice as fast as others, share one name.
    """
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = facts.get("flags", "").split()
    units = [unit for unit in VECTOR_UNITS if unit in flags]
    number = f"family {facts['cpu family']} model {facts['model']}" if "cpu family" in facts else ""
    name = ", ".join(filter(None, [facts.get("model name", platform.machine()), number]))
    return " with ".join(filter(None, [name, ", ".join(units)]))
