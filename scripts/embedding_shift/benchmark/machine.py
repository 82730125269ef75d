"""Which machine was measured."""

import platform
from pathlib import Path

import torch

from embedding_shift.benchmark.timing import Row, cores

VECTOR_UNITS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")


def rows():
    """Yield the machine's processor with its vector units, its GPU, and PyTorch's version, each as a name."""
    yield Row("machine", processor(), cores(), "cores")
    if torch.cuda.is_available():
        yield Row("machine", torch.cuda.get_device_name(), torch.cuda.device_count(), "GPUs")
    release = torch.__version__.partition("+")[0]
    yield Row("machine", "PyTorch", float(".".join(release.split(".")[:2])), "release")


def processor():
    """Return the processor's name and vector units, as Linux knows them; elsewhere the name that Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = facts.get("flags", "").split()
    units = [unit for unit in VECTOR_UNITS if unit in flags]
    return " with ".join(filter(None, [facts.get("model name", platform.machine()), ", ".join(units)]))
