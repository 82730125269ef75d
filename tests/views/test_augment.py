"""Make the views of a shard under several augmentations."""

import json
import os
import subprocess
import sys

import pytest
import yaml
from pipeline import PROJECT

from embedding_shift.compat import versions
from embedding_shift.config.entries import steps_of
from embedding_shift.io import shards
from embedding_shift.views import augment

CONFIGURED = yaml.safe_load((PROJECT / "config.yaml").read_text())["augmentations"]
STEPS = {name: steps_of(CONFIGURED[name]) for name in ("noise", "perspective")}


@pytest.fixture
def originals(tmp_path, kodak_views):
    shards.write(tmp_path / "originals.tar", kodak_views[:3])
    return tmp_path / "originals.tar"


def made(originals, folder, threads, steps=STEPS, seed=3, code="", environment=None):
    """Run the script; return the finished process and the paths of the shards."""
    outputs = [folder / name / "00000.tar" for name in steps]
    command = [sys.executable, PROJECT / "scripts/augment_views.py", "--originals", originals, "--seed", str(seed)]
    command += ["--augmentations", *steps, "--steps", *map(json.dumps, steps.values())]
    command += ["--threads", str(threads), "--output", *outputs, *(["--code", code] if code else [])]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment), outputs


def files_of(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_processes_that_share_the_images_make_the_views_of_one(originals, kodak_views, tmp_path, threads):
    """There are three images, so that some processes have more than others or none."""
    done, outputs = made(originals, tmp_path / "made", threads)
    assert done.returncode == 0, done.stderr
    for (name, steps), output in zip(STEPS.items(), outputs, strict=True):
        shards.write(tmp_path / "expected.tar", augment.augment(kodak_views[:3], name, steps, 3))
        assert output.read_bytes() == (tmp_path / "expected.tar").read_bytes()
        assert files_of(output.parent) == [".kept", "00000.tar", "00000.tar.sha256"]


def test_a_part_is_joined_however_old_its_file_system_says_it_is(originals, tmp_path):
    """The clock of a file system may lag behind, or count whole seconds."""
    sitecustomize = """
import os
from embedding_shift.io import shards
write = shards.write_part
def write_long_ago(path, views):
    write(path, views)
    os.utime(path, (1, 1))
shards.write_part = write_long_ago
"""
    (tmp_path / "sitecustomize.py").write_text(sitecustomize)
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{PROJECT / 'scripts'}"}
    done, outputs = made(originals, tmp_path / "made", 2, environment=environment)
    assert done.returncode == 0, done.stderr
    assert files_of(outputs[0].parent) == [".kept", "00000.tar", "00000.tar.sha256"]


def test_parts_that_a_killed_job_left_are_deleted(originals, tmp_path):
    leftover = tmp_path / "made/noise/.0123abcd.00000.tar.part"
    leftover.parent.mkdir(parents=True)
    leftover.touch()
    os.utime(leftover, (1, 1))
    done, _ = made(originals, tmp_path / "made", 2)
    assert done.returncode == 0 and not leftover.exists()


def test_views_are_made_again_if_anything_that_decides_them_changes(originals, kodak_views, tmp_path):
    code = tmp_path / "code.py"
    code.write_text("a = 1")

    def is_new(seed=3, views=kodak_views[:3]):
        shards.write(originals, views)
        done, outputs = made(originals, tmp_path / "made", 1, seed=seed, code=code)
        assert done.returncode == 0, done.stderr
        (kept,) = outputs[0].parent.glob(".kept/*.sha256")
        before, names[:] = list(names), [kept.name]
        return before != names

    names = []
    assert is_new() and not is_new()
    assert is_new(seed=4) and not is_new(seed=4)
    assert is_new(views=kodak_views[:2]) and is_new(views=kodak_views[:3])
    code.write_text("a = 2")
    assert is_new() and not is_new()


def test_a_damaged_kept_shard_is_made_again_beside_others(originals, tmp_path):
    _, outputs = made(originals, tmp_path / "made", 2)
    content = [output.read_bytes() for output in outputs]
    os.truncate(outputs[0], 1000)  # its second name is the same file
    done, _ = made(originals, tmp_path / "made", 2)
    assert done.returncode == 0, done.stderr
    assert [output.read_bytes() for output in outputs] == content


def test_what_was_finished_before_an_error_is_kept_and_nothing_else(originals, tmp_path):
    too_large = [{"transform": "RandomCrop", "parameters": {"height": 300, "width": 300}}]
    done, outputs = made(originals, tmp_path / "made", 2, STEPS | {"crop": too_large})
    assert done.returncode == 1
    assert "error: augmentation 'crop', image " in done.stderr and "Traceback" not in done.stderr
    assert files_of(outputs[-1].parent) == []
    assert files_of(outputs[0].parent) == [".kept", "00000.tar", "00000.tar.sha256"]


def test_the_setting_depends_on_code_and_on_installed_packages(tmp_path, monkeypatch):
    code = tmp_path / "code.py"
    code.write_text("a = 1")
    before = augment.setting([code])
    moved = tmp_path / "moved.py"
    moved.write_text("a = 1")
    assert augment.setting([moved]) == before
    moved.write_text("a = 2")
    assert augment.setting([moved]) != before
    monkeypatch.setattr(versions, "everything_installed", lambda: ["3.11", "numpy-9.dist-info"])
    assert augment.setting([code]) != before
