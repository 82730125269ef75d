"""Share the NVIDIA GPUs of a machine among encoding jobs: each job takes one that no other job uses."""

import contextlib
import fcntl
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

VISIBLE = "CUDA_VISIBLE_DEVICES"


def visible(devices: Path = Path("/dev")) -> list[str]:
    """Return the GPUs that this process may use, by number or as CUDA_VISIBLE_DEVICES names them.

    Args:
        devices: folder of the device files.
    """
    if VISIBLE in os.environ:
        return [name for name in os.environ[VISIBLE].split(",") if name.strip() not in ("", "-1")]
    found = (re.fullmatch(r"nvidia(\d+)", path.name) for path in devices.glob("nvidia*"))
    return sorted((match[1] for match in found if match), key=int)


def is_missing() -> bool:
    """Return whether PyTorch finds no GPU on this machine; False if PyTorch is not installed beside this program."""
    if visible():
        return False
    code = "import torch; print(torch.cuda.is_available())"  # Some GPUs have no device file of their own.
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return answer.stdout.split() == ["False"]


def claim(gpus: Sequence[str], folder: str | None = None) -> IO[str] | None:
    """Let this process use only the first GPU that no other encoding job has claimed, before PyTorch looks for GPUs.

    Args:
        gpus: the GPUs, see `visible`.
        folder: folder of the lock files; the system's folder for temporary files by default.

    Returns:
        the open lock file, which holds the claim until it is closed; None if no GPU is free, and nothing has changed.
    """
    for gpu in gpus:
        name = re.sub(r"[^\w-]", "_", gpu)
        lock = Path(folder or tempfile.gettempdir(), f"embedding-shift-gpu-{os.getuid()}-{name}.lock").open("w")  # noqa: SIM115
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.environ[VISIBLE] = gpu
            return lock
        lock.close()
    return None
