"""Read the weights in the file of a checkpoint, or say what the file is instead."""

import json
import pickle
import re
import shlex
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from embedding_shift.encoders.bundle_files import State
from embedding_shift.errors import InputError, one_line

SUFFIXES = (".safetensors", ".pt", ".pth", ".ckpt", ".bin")
HEAD_BYTES = 4096
PICKLE = b"\x80"
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
LONGEST_EXCERPT = 60
AGAIN = "download it again"
# The commands write the weights alone, without other objects, to a file that loads without running code.
SAVE_WEIGHTS = (
    "import torch; c = torch.load({path!r}, map_location='cpu', weights_only=False); "
    "torch.save(c.get('state_dict', c) if isinstance(c, dict) else c.state_dict(), 'weights.pt')"
)
SAVE_SCRIPT = "import torch; torch.save(torch.jit.load({path!r}, map_location='cpu').state_dict(), 'weights.pt')"


def read(path: str | Path) -> State:
    """Return the tensors of a checkpoint: a safetensors file, or a file that `torch.save` wrote.

    Nested dictionaries become names with dots, such as `state_dict.module.visual.proj`. Everything that is not a tensor
    is left out. Reading never runs code of the file.

    Raises:
        InputError: the file does not exist, is incomplete, or is not a checkpoint.
    """
    path = Path(path)
    refuse_other_files(path)
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if _is_safetensors(_head(path)):
        try:
            return load_file(path)
        except SafetensorError as error:
            raise InputError(f"{path} is damaged: {one_line(error)}") from None
    return dict(_tensors(_unpickle(path)))


def refuse_other_files(path: str | Path) -> None:
    """Raise InputError, which says what the file is, unless it looks like a complete file of weights."""
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder; the path of a file of weights is needed")
    if not path.is_file():
        raise InputError(f"there is no file {path}")
    for complaint in (_of_text, _of_safetensors, _of_zip, _of_other):
        found = complaint(path, _head(path))
        if found:
            raise InputError(f"{path} {found}")


def usage(path: str | Path) -> str:
    """Return how to use a checkpoint: the entry of the configuration, and the command that makes its bundle."""
    model = json.dumps({"kind": "checkpoint", "name": "ARCHITECTURE", "path": str(path)})
    return (
        f"configure it as `kind: checkpoint` with `path: {path}`, and open_clip's name of its architecture as `name`, "
        f"or make its bundle: python scripts/prepare_bundle.py --model {shlex.quote(model)} --bundle FOLDER"
    )


def _of_text(path: Path, head: bytes) -> str | None:
    """Return what a file of text is; None for any other file."""
    if not head:
        return f"is empty; {AGAIN}"
    if head.startswith(LFS_POINTER):
        size = re.search(rb"^size (\d+)$", head, re.MULTILINE)
        whole = f" of {int(size[1]):,} bytes" if size else ""
        return (
            f"is a pointer of Git LFS to a file{whole}, not the file itself; fetch it: "
            f"git -C {shlex.quote(str(path.absolute().parent))} lfs pull --include {shlex.quote(path.name)}"
        )
    text = head.decode("utf-8", errors="ignore").strip()
    if (
        b"\0" in head
        or head.startswith(PICKLE)
        or not text
        or not all(letter.isprintable() or letter.isspace() for letter in text)
    ):
        return None
    if text.startswith("<"):
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        named = f" with the title {_excerpt(title[1])!r}" if title else ""
        return f"is a web page{named}, which the server sent instead of the weights; {AGAIN}, logged in if needed"
    return f"is a text that begins with {_excerpt(text)!r}, not a file of weights"


def _of_safetensors(path: Path, head: bytes) -> str | None:
    """Return by how much a safetensors file is too short; None if it is complete, or another file."""
    if not _is_safetensors(head):
        return None
    size, length = path.stat().st_size, int.from_bytes(head[:8], "little")
    whole = 8 + length
    if size >= whole:
        with open(path, "rb") as file:
            file.seek(8)
            header = file.read(length)
        try:
            ends = [entry["data_offsets"][1] for name, entry in json.loads(header).items() if name != "__metadata__"]
            whole += max(ends, default=0)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            return f"is damaged: its header is not that of a safetensors file ({one_line(error)})"
    return f"is incomplete: it has {size:,} of at least {whole:,} bytes; {AGAIN}" if size < whole else None


def _of_zip(path: Path, head: bytes) -> str | None:
    """Return why a file that begins like a zip archive, as `torch.save` writes it, cannot be read."""
    if not head.startswith(b"PK\3\4"):
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return f"is incomplete: the end of the archive is missing; {AGAIN}"
    if any(name.endswith("/constants.pkl") for name in names):
        return (
            "is a TorchScript archive, which holds code; if you trust it, save its weights alone: "
            f"{_command(SAVE_SCRIPT, path)}; then use weights.pt. OpenAI's own weights have `kind: open_clip`"
        )
    if not any(name.endswith("/data.pkl") for name in names):
        return "is a zip archive that PyTorch did not write; unpack it, and use the file of weights inside"
    return None


def _of_other(path: Path, head: bytes) -> str | None:
    """Return that a file is of an unknown kind; None for safetensors, a zip archive and the format of older PyTorch."""
    if _is_safetensors(head):
        return None
    if path.suffix == ".safetensors":
        return "is not a safetensors file, whatever its suffix; if `torch.save` wrote it, name it .pt"
    known = head.startswith((b"PK\3\4", PICKLE))
    return None if known else "is not a file that PyTorch or safetensors wrote"


def _head(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(HEAD_BYTES)


def _is_safetensors(head: bytes) -> bool:
    """Return whether a file begins with the length of a header in eight bytes and a brace."""
    return head[8:9] == b"{"


def _unpickle(path: Path) -> Any:
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except pickle.UnpicklingError as error:
        objects = re.search(r"GLOBAL (\S+)", str(error))
        if not objects:
            raise InputError(f"{path} is not a file that PyTorch or safetensors wrote") from None
        raise InputError(
            f"{path} holds more than weights ({objects[1]}), and loading that can run code; if you trust it, save its "
            f"weights alone: {_command(SAVE_WEIGHTS, path)}; then use weights.pt"
        ) from None
    except (RuntimeError, EOFError, ValueError, OSError) as error:
        raise InputError(f"{path} is incomplete or damaged ({one_line(error)}); {AGAIN}") from None


def _tensors(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the tensors in nested dictionaries with their joined names."""
    import torch

    if isinstance(value, torch.Tensor):
        yield name, value.detach()
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(key, str):
                yield from _tensors(inner, f"{name}.{key}" if name else key)


def _command(code: str, path: Path) -> str:
    return f"python -c {shlex.quote(code.format(path=str(path)))}"


def _excerpt(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= LONGEST_EXCERPT else f"{plain[:LONGEST_EXCERPT]}…"
