"""The tiny run that several test files share: four photographs and a small encoder, through the real pipeline."""

import fcntl
import os
import shutil
from pathlib import Path

import pytest
import yaml
from PIL import Image
from pipeline import PROJECT, Pipeline
from small_models import write_clip_bundle

# Of three shards, the last stays empty.
PHOTOGRAPHS = ("kodim02", "kodim04", "kodim06", "kodim07")
UNUSED = ("words.jpg", "cut.png", "repeated.bmp")
ROWS = [*((name, f"{name}.png") for name in PHOTOGRAPHS), *((Path(name).stem, name) for name in UNUSED)]
CONFIG = yaml.safe_load((PROJECT / "config.yaml").read_text())
NINE = list(CONFIG["augmentations"])
FEW = ("elastic",)
RESULTS = "results/tiny/clip"


def tiny_config(**changes):
    return {
        "seed": CONFIG["seed"],
        "batch_size": 4,
        "device": "cpu",
        "bootstrap": {"resamples": 100},
        "figures": {"attention_grid_pages": 1},
        "datasets": {"tiny": {"label": "Four {4} photographs", "kind": "csv", "path": "data/images.csv"}},
        "models": {"clip": {"label": "A small {random} CLIP", "kind": "local-dir", "path": "bundle"}},
        "augmentations": CONFIG["augmentations"],
        "words": {"prompts": "config/prompts.yaml"},
    } | changes


def write_data(pipeline, rows):
    lines = [f"{image_id},{path},A photograph,Kodak" for image_id, path in rows]
    (pipeline / "data/images.csv").write_text("\n".join(["image_id,path,caption,source", *lines]) + "\n")


def shared(tmp_path_factory, name, make):
    """Return a Pipeline that all workers of a test run share; the first that needs it lets `make` fill its folder."""
    root = tmp_path_factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    folder = root / name / "project"
    folder.parent.mkdir(exist_ok=True)
    with open(folder.parent / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder.parent / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            (folder.parent / "complete").touch()
    return Pipeline(folder)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """The project with four photographs, a copy of one, two bad files and a small encoder, before any run.

    It is shared: tests change copies of it.
    """

    def make(folder):
        pipeline = Pipeline.fresh(folder)
        (pipeline / "data").mkdir()
        for name in PHOTOGRAPHS:
            shutil.copy(PROJECT / f"resources/kodak/images/{name}.png", pipeline / "data")
        (pipeline / "data/words.jpg").write_text("only words")
        (pipeline / "data/cut.png").write_bytes((pipeline / "data/kodim02.png").read_bytes()[:100_000])
        Image.open(pipeline / "data/kodim02.png").save(pipeline / "data/repeated.bmp")
        write_data(pipeline, ROWS)
        write_clip_bundle(pipeline / "bundle", vocabulary=49408)
        pipeline.config = tiny_config()

    return shared(tmp_path_factory, "prepared", make)


@pytest.fixture(scope="session")
def finished(prepared, tmp_path_factory):
    """The same after a complete run on two cores. It is shared: tests change copies of it."""

    def make(folder):
        done = prepared.copy(folder).run(cores=2)
        assert done.returncode == 0, done.stdout[-5000:]

    return shared(tmp_path_factory, "finished", make)


@pytest.fixture
def again(finished, tmp_path):
    """A copy of the finished run, to change something in."""
    return finished.copy(tmp_path / "project")


@pytest.fixture
def unrun(prepared, tmp_path):
    """A copy of the project before any run."""
    return prepared.copy(tmp_path / "project")
