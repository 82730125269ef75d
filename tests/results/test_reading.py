"""A results folder of a small run, written down: what the reader returns, and what it refuses."""

import json

import numpy as np
import pandas as pd
import pytest

from embedding_shift import results
from embedding_shift.errors import InputError
from embedding_shift.io import array_files, shards, tables
from embedding_shift.results import record

IMAGES = ["a", "b", "c"]
CONFIGURATION = {"datasets": {"tiny": {}}, "models": {"clip": {}}, "augmentations": {"blur": {}}, "shards": 2}


def written(folder, **changes):
    """Write a run of three images; `changes` replace keys of its record."""
    ours = folder / "tiny" / "clip"
    values = pd.DataFrame({"image_id": IMAGES, "augmentation": "blur", "metric": "cosine_similarity"})
    tables.write_parquet(ours / "metrics.parquet", values.assign(value=[0.5, 0.25, 1.0]))
    tables.write_csv(ours / "summary.csv", pd.DataFrame({"augmentation": ["blur"], "mean": [7 / 12]}))
    tables.write_csv(folder / "comparison.csv", pd.DataFrame({"model": ["clip"]}))
    tables.write_csv(folder / "tiny" / "manifest.csv", pd.DataFrame({"image_id": IMAGES}))
    array_files.write(ours / "embeddings" / "blur.npz", IMAGES, embedding=np.eye(3, dtype=np.float32))
    array_files.write(ours / "attention" / "blur.npz", IMAGES)
    for number in range(2):
        own = [name for name in IMAGES if shards.shard_of(name, 2) == number]
        views = [shards.View(name, np.full((2, 2, 3), 7, np.uint8), {"seed": 1}) for name in own]
        shards.write(folder / f"tiny/views/blur/{number:05d}.tar", views)
    content = {
        "format": record.FORMAT,
        "run_id": "0123",
        "revision": None,
        "code_sha256": "",
        "configuration": CONFIGURATION,
        "configuration_sha256": "",
        "data": {},
        "encoders": {},
        "versions": {},
        "files": {"tiny/clip/summary.csv": "", "tiny/clip/metrics.parquet": ""},
        "rules": {"summarise_metrics": ["{dataset}/{model}/summary.csv"]},
        "paper": {},
    }
    (folder / "run.json").write_text(json.dumps(content | changes))
    return folder


def test_tables_arrays_and_views_are_read(tmp_path):
    run = results.read(written(tmp_path))
    assert (run.datasets, run.models, run.augmentations) == (["tiny"], ["clip"], ["blur"])
    assert run.tables == ["comparison"] and list(run.table("comparison")["model"]) == ["clip"]
    assert list(run.manifest()["image_id"]) == IMAGES
    shift = run.of()
    assert shift.tables == ["summary"]
    assert shift.summary["mean"].item() == 7 / 12
    assert shift.values("cosine_similarity")["blur"].to_dict() == {"a": 0.5, "b": 0.25, "c": 1.0}
    image_ids, embeddings = shift.embeddings("blur")
    assert list(image_ids) == IMAGES
    np.testing.assert_array_equal(embeddings, np.eye(3))
    view = run.view("b", "blur")
    assert view.pixels.shape == (2, 2, 3) and view.record == {"seed": 1}
    assert run.record.rule_of("tiny/clip/summary.csv") == "summarise_metrics"
    assert run.record.rule_of("tiny/clip/other.csv") is None


def refused(act):
    with pytest.raises(InputError) as error:
        act()
    return str(error.value)


def test_another_version_and_half_a_run_are_refused(tmp_path):
    assert "there is no results folder" in refused(lambda: results.read(tmp_path / "none"))
    folder = written(tmp_path, format=99)
    assert f"has the format 99; this version reads format {record.FORMAT}" in refused(lambda: results.read(folder))
    written(tmp_path, unheard=1)
    assert "is no record of a run" in refused(lambda: results.read(folder))
    (folder / "run.json").write_text("{")
    assert "cannot be read" in refused(lambda: results.read(folder))
    written(tmp_path)
    (folder / "tiny/clip/summary.csv").unlink()
    assert "is incomplete: tiny/clip/summary.csv is missing" in refused(lambda: results.read(folder))
    (folder / "run.json").unlink()
    assert "the run did not finish" in refused(lambda: results.read(folder))


def test_unknown_names_are_refused_with_those_that_exist(tmp_path):
    run = results.read(written(tmp_path))
    assert "no table 'claims'; it has summary" in refused(lambda: run.of().claims)
    assert "no dataset 'other'; it has tiny" in refused(lambda: run.of("other"))
    assert "no encoder 'other'; it has clip" in refused(lambda: run.of("tiny", "other"))
    assert "no view 'noise'; it has original, blur" in refused(lambda: run.of().embeddings("noise"))
    assert "no metric 'x'; it has cosine_similarity" in refused(lambda: run.of().values("x"))
    assert "'clip' has no attention" in refused(lambda: run.of().attention("blur"))
    assert "no image 'other'" in refused(lambda: run.view("other", "blur"))
    assert "original.npz; the results folder is incomplete" in refused(lambda: run.of().embeddings())


@pytest.mark.parametrize("name", ["tiny/clip/metrics.parquet", "tiny/clip/embeddings/blur.npz", "tiny/views/blur"])
def test_a_damaged_file_is_named_and_kept(tmp_path, name):
    run = results.read(written(tmp_path))
    path = tmp_path / name
    if path.is_dir():
        path = run.shards("blur")[shards.shard_of("a", 2)]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    read = {
        "metrics.parquet": lambda: run.of().metrics,
        "blur.npz": lambda: run.of().embeddings("blur"),
    }.get(path.name, lambda: run.view("a", "blur"))
    assert refused(read) == f"{path} is damaged: its content does not agree with its checksum"
    assert path.read_bytes() == data
