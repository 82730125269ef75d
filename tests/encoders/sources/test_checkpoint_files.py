"""Files of checkpoints: their weights are read without running code, and any other file is named for what it is."""

import argparse
import json
import os
import re
import subprocess
import sys
import zipfile
from collections import OrderedDict

import pytest
import torch
from safetensors.torch import save_file

from embedding_shift.encoders.sources import checkpoint_files
from embedding_shift.errors import InputError

WEIGHTS = {"proj": torch.arange(6.0).reshape(2, 3), "half": torch.ones(3, dtype=torch.float16)}


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def refusal(path):
    with pytest.raises(InputError) as caught:
        checkpoint_files.read(path)
    message = str(caught.value)
    assert "\n" not in message and message.startswith(str(path)), message
    return message


@pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "legacy"])
def test_nested_dictionaries_become_names_with_dots(tmp_path, as_zip):
    nested = {
        "epoch": 3,
        "state_dict": OrderedDict({f"module.{name}": tensor for name, tensor in WEIGHTS.items()}),
        "optimizer": {"state": {0: {"step": torch.ones(1)}}},
    }
    torch.save(nested, tmp_path / "x.pt", _use_new_zipfile_serialization=as_zip)
    assert_same(
        checkpoint_files.read(tmp_path / "x.pt"),
        {f"state_dict.module.{name}": tensor for name, tensor in WEIGHTS.items()},
    )


def test_safetensors_are_recognised_by_their_content(tmp_path):
    save_file(WEIGHTS, tmp_path / "x.pt")
    assert_same(checkpoint_files.read(tmp_path / "x.pt"), WEIGHTS)
    torch.save(WEIGHTS, tmp_path / "x.safetensors")
    assert "is not a safetensors file, whatever its suffix" in refusal(tmp_path / "x.safetensors")


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 605219813\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; download it again"),
        (POINTER, "is a pointer of Git LFS to a file of 605,219,813 bytes, not the file itself; fetch it: git -C "),
        (
            b"\n<!DOCTYPE html><html><head><title>Sign\n in</title></head>" + b"x" * 9000,
            "is a web page with the title 'Sign in', which the server sent instead of the weights; download it again",
        ),
        ("<html>Fehler – später</html>".encode(), "is a web page, which the server sent"),
        (b'{"error": "Access to this model is restricted"}', 'is a text that begins with \'{"error": "Access to'),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "is not a file that PyTorch or safetensors wrote"),
        (b"\x80\x02no pickle", "is not a file that PyTorch or safetensors wrote"),
        (bytes(5000), "is not a file that PyTorch or safetensors wrote"),
        ((5).to_bytes(8, "little") + b"{oops" + bytes(10), "is damaged: its header is not that of a safetensors file"),
    ],
)
def test_another_file_is_named(tmp_path, content, message):
    (tmp_path / "x.pt").write_bytes(content)
    assert message in refusal(tmp_path / "x.pt")


def test_the_command_for_a_pointer_quotes_the_folder(tmp_path):
    folder = tmp_path / "my models"
    folder.mkdir()
    (folder / "x.bin").write_bytes(POINTER)
    assert refusal(folder / "x.bin").endswith(f"git -C '{folder}' lfs pull --include x.bin")


@pytest.mark.parametrize("kind", ["safetensors", "zip", "legacy"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_a_download_that_stopped_is_incomplete(tmp_path, kind, share):
    path, weights = tmp_path / "x.pt", {"proj": torch.rand(100, 100), "more": torch.rand(100, 100)}
    if kind == "safetensors":
        save_file(weights, path)
    else:
        torch.save(weights, path, _use_new_zipfile_serialization=kind == "zip")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    message = refusal(path)
    assert "is incomplete" in message and message.endswith("download it again")
    if kind == "safetensors" and share > 0.02:
        assert f"it has {int(share * len(whole)):,} of at least {len(whole):,} bytes" in message


@pytest.mark.slow
def test_objects_are_refused_with_the_command_that_saves_the_weights(tmp_path):
    """Loading must not run code; the command is for people who trust the file."""
    path = tmp_path / "x.pt"
    torch.save({"args": argparse.Namespace(lr=1), "state_dict": WEIGHTS}, path)
    message = refusal(path)
    assert "holds more than weights (argparse.Namespace), and loading that can run code" in message
    run_command(message, tmp_path)
    assert_same(checkpoint_files.read(tmp_path / "weights.pt"), WEIGHTS)


def test_code_in_a_file_is_not_run(tmp_path):
    class RunsCode:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "created"),)

    torch.save({"proj": RunsCode()}, tmp_path / "x.pt")
    assert "(posix.mkdir)" in refusal(tmp_path / "x.pt")
    assert not (tmp_path / "created").exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_torchscript_archive_is_refused_with_the_command_that_saves_its_weights(tmp_path):
    module = torch.nn.Linear(2, 3)
    torch.jit.trace(module, torch.zeros(1, 2)).save(tmp_path / "x.pt")
    message = refusal(tmp_path / "x.pt")
    assert "is a TorchScript archive, which holds code" in message
    run_command(message, tmp_path)
    assert_same(checkpoint_files.read(tmp_path / "weights.pt"), dict(module.state_dict()))


def test_another_zip_archive_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("weights.pt", "x")
    assert "is a zip archive that PyTorch did not write; unpack it" in refusal(tmp_path / "x.zip")


def test_a_folder_and_a_missing_file_are_named(tmp_path):
    assert "is a folder" in refusal(tmp_path)
    with pytest.raises(InputError, match=r"there is no file .*x\.pt"):
        checkpoint_files.read(tmp_path / "x.pt")


def test_the_usage_is_a_command_with_valid_json():
    usage = checkpoint_files.usage("/data/it's mine.pt")
    model = re.search(r"--model '(.*)' --bundle", usage)[1].replace("'\"'\"'", "'")
    assert json.loads(model) == {"kind": "checkpoint", "name": "ARCHITECTURE", "path": "/data/it's mine.pt"}


def run_command(message, folder):
    command = re.search(r"(python -c .*); then use", message)[1].replace("python", sys.executable, 1)
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
