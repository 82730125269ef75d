"""Malicious input is rejected with one sentence or escaped.

docs/faults.md lists tests of malicious input in other files.
"""

import gzip
import os
import pickle
import resource
import shutil
import subprocess
import sys
import tarfile

import numpy as np
import pytest
import torch
from pipeline import ENVIRONMENT, PROJECT, Pipeline
from safetensors.torch import load_file, save_file
from small_models import write_clip_bundle
from tiny_run import tiny_config
from towers import write_bundle

from embedding_shift.data.image_ids import IMAGE_ID
from embedding_shift.data.ingestion import ingest
from embedding_shift.data.sources import csv_table, folder
from embedding_shift.encoders import bundles
from embedding_shift.errors import InputError
from embedding_shift.io import array_files, tables
from embedding_shift.paper import latex

TEN_GB = 10 * 2**30
FIVE_GB = TEN_GB // 2
MALICIOUS_TEXT = (
    r"""\input{/etc/passwd}\write18{touch harm} $(touch harm) `touch harm` '; touch harm; ' <script>x</script>"""
)


class Harm:
    """An object that creates a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def script(name, *arguments, memory=None, cwd=None):
    """Run a script as a job does, with at most `memory` bytes of memory."""
    limit = (lambda: resource.setrlimit(resource.RLIMIT_AS, (memory, memory))) if memory else None
    command = [sys.executable, PROJECT / f"scripts/{name}.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, preexec_fn=limit, cwd=cwd)


def assert_rejected(done, words):
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1


class TestWeights:
    def assert_rejected(self, tmp_path, words):
        model = {"kind": "local-dir", "path": str(tmp_path / "bundle")}
        with pytest.raises(InputError, match=words):
            bundles.prepare(model, tmp_path / "out")

    def test_a_pickle_named_safetensors_is_not_loaded(self, tmp_path):
        write_clip_bundle(tmp_path / "bundle")
        weights = tmp_path / "bundle/open_clip_model.safetensors"
        for protocol, message in (
            (0, "is a text .* not a file of weights"),
            (pickle.HIGHEST_PROTOCOL, "is not a safetensors file"),
        ):
            weights.write_bytes(pickle.dumps({"visual.proj": Harm(tmp_path / "harm")}, protocol))
            self.assert_rejected(tmp_path, message)
        torch.save({"visual.proj": Harm(tmp_path / "harm")}, weights)
        self.assert_rejected(tmp_path, "is not a safetensors file")
        assert not (tmp_path / "harm").exists()

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_weights_with_nan_or_infinity_are_rejected_by_name(self, tmp_path, value):
        write_clip_bundle(tmp_path / "bundle")
        weights = load_file(tmp_path / "bundle/open_clip_model.safetensors")
        weights["visual.proj"][0, 0] = value
        save_file(weights, tmp_path / "bundle/open_clip_model.safetensors")
        self.assert_rejected(tmp_path, "the weights 'proj' hold NaN or infinity")

    def test_normalisation_statistics_with_nan_are_rejected_by_name(self, tmp_path):
        folder = write_bundle(tmp_path / "bundle", "ViT-B-32", timm_model_name="resnet18")
        weights = load_file(folder / "open_clip_model.safetensors")
        name = next(name for name in weights if name.startswith("visual.") and name.endswith("running_mean"))
        weights[name][0] = float("nan")
        save_file(weights, folder / "open_clip_model.safetensors")
        self.assert_rejected(tmp_path, f"the weights '{name.removeprefix('visual.')}' hold NaN or infinity")


def test_an_array_of_objects_is_not_unpickled(tmp_path):
    path = tmp_path / "embeddings.npz"
    objects = np.array([Harm(tmp_path / "harm")], dtype=object)
    np.savez(path, image_id=np.array(["a"]), embedding=objects)
    with pytest.raises(InputError, match=r"embeddings\.npz is damaged: Object arrays cannot be loaded"):
        array_files.read(path)
    assert not (tmp_path / "harm").exists()


class TestTenGigabytes:
    """Sparse files and compressed files of 10 GB are rejected with less memory than their content would take."""

    def assert_rejected(self, tmp_path, kind, path, words, *arguments):
        listing = tmp_path / "listing.csv"
        outputs = "--listing", listing, "--left-out", tmp_path / "left_out.csv"
        done = script("list_images", "--kind", kind, "--path", path, *outputs, *arguments, memory=FIVE_GB)
        assert_rejected(done, words)
        assert not listing.exists()

    def test_a_caption_in_a_csv(self, tmp_path):
        with open(tmp_path / "images.csv", "wb") as file:
            file.write(b"path,caption\na.png,")
            file.seek(TEN_GB)
            file.write(b"\n")
        self.assert_rejected(tmp_path, "csv", tmp_path / "images.csv", "a line of more than 10000000 characters")

    @pytest.mark.parametrize("packed", [False, True])
    def test_a_caption_in_a_table_of_urls(self, tmp_path, packed):
        table = tmp_path / "table.tsv"
        with open(table, "wb") as file:
            if packed:
                part = gzip.compress(b"x" * 2**24)
                for _ in range(TEN_GB // 2**24):
                    file.write(part)
            else:
                file.seek(TEN_GB)
                file.write(b"\thttp://a.example/\n")
        downloads = "--acquisition", tmp_path / "acquisition.csv", "--downloads", tmp_path
        self.assert_rejected(tmp_path, "tsv", table, "a line of more than 10000000 characters", *downloads)

    def test_a_caption_in_a_shard(self, tmp_path):
        with open(tmp_path / "shard.tar", "wb") as file:
            for name, size in (("a.png", 0), ("a.txt", TEN_GB)):
                member = tarfile.TarInfo(name)
                member.size = size
                file.write(member.tobuf(tarfile.GNU_FORMAT))
            file.truncate(file.tell() + TEN_GB + 2 * tarfile.BLOCKSIZE)
        self.assert_rejected(tmp_path, "webdataset", tmp_path / "shard.tar", "a text of at most 1000000 bytes is read")

    def test_an_image(self, tmp_path):
        with open(tmp_path / "a.png", "wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n")
            file.truncate(TEN_GB)
        ((image, view),) = ingest(folder.list_images(tmp_path).images, 8, 1000)
        assert view is None
        assert image.reason == f"the file has {TEN_GB} bytes; at most {2**30} are read"


@pytest.mark.parametrize(
    "image_id", ["a/b", "../a", "/a", "a\nb", "a\r", "a\0", "a b", ".", "a.png", "", "é", "x" * 201]
)
def test_a_malformed_image_id_is_rejected(tmp_path, image_id):
    rows = [{"image_id": image_id or "\n", "path": "a.png"}]
    tables.write_rows(tmp_path / "images.csv", ["image_id", "path"], rows)
    with pytest.raises(InputError, match=r"images\.csv: image id .*; allowed are up to 200 letters, digits") as error:
        csv_table.list_images(tmp_path / "images.csv")
    assert len(str(error.value).splitlines()) == 1


def test_a_malicious_text_is_escaped_for_latex():
    escaped = latex.escape(MALICIOUS_TEXT)
    assert r"\input" not in escaped
    assert r"\write" not in escaped
    assert escaped.count("$") == escaped.count(r"\$")
    assert "<" not in escaped


@pytest.mark.slow
def test_commands_in_names_and_captions_are_not_run(tmp_path):
    """Commands in the path of a dataset, in file names and in captions are kept as text or replaced in ids."""
    pipeline = Pipeline.fresh(tmp_path / "project")
    dataset = pipeline / "data/it's $(touch harm) `touch harm`; touch harm &"
    dataset.mkdir(parents=True)
    image = "';touch harm;$(touch harm)<script>.png"
    shutil.copy(PROJECT / "resources/kodak/images/kodim02.png", dataset / image)
    rows = [{"path": image, "caption": MALICIOUS_TEXT, "source": MALICIOUS_TEXT}]
    tables.write_rows(dataset / "images.csv", ["path", "caption", "source"], rows)
    path = str(dataset.relative_to(pipeline.folder) / "images.csv")
    pipeline.config = tiny_config(datasets={"tiny": {"label": MALICIOUS_TEXT, "kind": "csv", "path": path}})
    done = pipeline.run("results/tiny/views/original/00000.tar", "results/tiny/manifest.csv")
    assert done.returncode == 0, done.stdout[-3000:]
    assert not list(pipeline.folder.rglob("harm"))
    (row,) = tables.read_rows(pipeline / "results/tiny/manifest.csv")
    assert (row["caption"], row["source"]) == (MALICIOUS_TEXT, MALICIOUS_TEXT)
    assert IMAGE_ID.fullmatch(row["image_id"])
