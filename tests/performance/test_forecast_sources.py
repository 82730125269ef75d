"""The inputs of the forecast: numbers of images, the cost of encoders, and the plan of the real project."""

import csv
import json
import tarfile

import cv2
import numpy as np
import open_clip
import pytest
import torch
from benchmark_costs_table import BENCH
from small_models import write_clip_bundle
from tiny_run import PHOTOGRAPHS

from embedding_shift.data import image_counts
from embedding_shift.encoders.sources import wheel_encoder
from embedding_shift.errors import InputError
from embedding_shift.io import tables
from embedding_shift.performance import encoder_counting, forecast, forecast_stages


def count(kind, path, n_images=None, pin=None):
    return image_counts.count("mine", {"kind": kind, "path": str(path), "n_images": n_images, "pin": pin})


@pytest.fixture
def folder(tmp_path):
    """A folder with three images and a text."""
    image = cv2.imencode(".png", np.zeros((4, 4, 3), np.uint8))[1].tobytes()
    for name in "abc":
        (tmp_path / f"{name}.png").write_bytes(image)
    (tmp_path / "words.txt").write_text("no image")
    return tmp_path


def test_images_of_a_folder_are_counted(folder):
    assert count("folder", folder) == (3, 3)
    assert count("folder", folder, 2) == (3, 2), "all images are decoded, because some may be unusable"
    assert count("folder", folder, 10) == (3, 3)


def test_counterparts_are_decoded_as_well(folder):
    entry = {"kind": "pairs", "path": str(folder), "n_images": 2, "pin": None, "counterparts": {"x": {}, "y": {}}}
    assert image_counts.count("mine", entry) == (9, 2)


def test_images_of_a_table_are_counted(folder):
    (folder / "images.csv").write_text("path\na.png\nb.png\n")
    (folder / "pin.csv").write_text("image_id,sha256\na,0\n")
    assert count("csv", folder / "images.csv") == (2, 2)
    assert count("csv", folder / "images.csv", pin=str(folder / "pin.csv")) == (2, 1)


def test_images_of_local_shards_are_counted(folder):
    with tarfile.open(folder / "shard.tar", "w") as archive:
        for name in ("a.png", "b.png", "words.txt"):
            archive.add(folder / name, name)
    assert count("webdataset", folder / "shard.tar") == (2, 2)


def test_urls_are_counted_once_and_up_to_the_number_of_images(folder):
    (folder / "urls.tsv").write_text("A\thttp://a.example/1\nB\thttp://a.example/2\nC\thttp://a.example/1\n")
    assert count("tsv", folder / "urls.tsv") == (2, 2)
    assert count("tsv", folder / "urls.tsv", 1) == (1, 1)


def test_remote_shards_need_a_number_of_images():
    assert count("webdataset", "https://a.example/{0..3}.tar", 500) == (500, 500)
    with pytest.raises(InputError, match=r"dataset 'mine': .* https://a\.example/1\.tar is unknown .* `n_images`"):
        count("webdataset", "https://a.example/1.tar")


def vision_transformer_gflop(side, patch, width, depth, output):
    """Return the GFLOP of one view by formula: 12 width² weights in every block, and attention between all tokens."""
    patches = (side // patch) ** 2
    tokens = patches + 1
    stem = patches * 3 * patch**2 * width
    blocks = depth * (tokens * 12 * width**2 + 2 * tokens**2 * width)
    return 2 * (stem + blocks + width * output) / 1e9


def test_the_cost_of_vit_b_32():
    found = encoder_counting.count(
        {"kind": "open_clip", "name": "ViT-B-32-quickgelu", "pretrained": "openai"}, "nowhere"
    )
    assert found.gflop == pytest.approx(8.8, rel=0.02)
    assert found.gflop == pytest.approx(vision_transformer_gflop(224, 32, 768, 12, 512), rel=1e-3)
    assert found.embedding_bytes == 512 * 4
    assert found.attention_bytes == 12 * 7 * 7 * 4
    assert found.tower_bytes == forecast_stages.VIT_B_32_BYTES
    with torch.device("meta"):
        whole = open_clip.CLIP(**open_clip.get_model_config("ViT-B-32-quickgelu"))
    assert found.bundle_bytes == pytest.approx(sum(weights.nbytes for weights in whole.parameters()), rel=1e-6)


def test_the_cost_of_a_checkpoint_needs_no_file(tmp_path):
    model = {"kind": "checkpoint", "name": "ViT-B-32-quickgelu", "path": str(tmp_path / "x.pt")}
    found = encoder_counting.count(model, "nowhere")
    assert found.bundle_bytes == found.tower_bytes == forecast_stages.VIT_B_32_BYTES
    (tmp_path / "x.pt").write_bytes(bytes(1000))
    assert encoder_counting.count(model, "nowhere").bundle_bytes == 1000


def test_the_cost_of_the_offline_encoder_needs_no_wheel():
    found = encoder_counting.count({"kind": "wheel"}, "nowhere")
    assert found.gflop == pytest.approx(vision_transformer_gflop(224, 14, 384, 12, 384), rel=1e-3)
    assert found.attention_bytes == wheel_encoder.HEADS * 16 * 16 * 4


def test_the_cost_of_a_convolutional_encoder_has_no_attention():
    found = encoder_counting.count({"kind": "open_clip", "name": "RN50-quickgelu", "pretrained": "openai"}, "nowhere")
    assert found.attention_bytes == 0 and found.embedding_bytes == 1024 * 4


def test_the_cost_of_a_local_encoder_comes_from_its_folder(tmp_path):
    write_clip_bundle(tmp_path / "bundle", patch_size=16, layers=3, width=64)
    found = encoder_counting.count({"kind": "local-dir", "path": str(tmp_path / "bundle")}, "nowhere")
    assert found.gflop == pytest.approx(vision_transformer_gflop(224, 16, 64, 3, 32), rel=1e-3)
    assert found.bundle_bytes == (tmp_path / "bundle/open_clip_model.safetensors").stat().st_size
    with pytest.raises(InputError, match="not an open_clip bundle"):
        encoder_counting.count({"kind": "local-dir", "path": str(tmp_path)}, "nowhere")


def test_the_cost_of_an_encoder_of_the_hub_needs_its_bundle(tmp_path):
    model = {"kind": "hf-hub", "name": "somebody/tower"}
    write_clip_bundle(tmp_path / "mine")
    with pytest.raises(InputError, match=r"`snakemake --cores 1 .*mine/open_clip_config\.json`"):
        encoder_counting.count(model, tmp_path / "mine")
    (tmp_path / "mine/provenance.json").write_text(json.dumps({"name": "somebody/else"}))
    with pytest.raises(InputError, match="prepare it"):
        encoder_counting.count(model, tmp_path / "mine")
    (tmp_path / "mine/provenance.json").write_text(json.dumps({"name": "somebody/tower"}))
    assert encoder_counting.count(model, tmp_path / "mine").embedding_bytes == 32 * 4


def test_an_unknown_name_is_refused():
    with pytest.raises(InputError, match="no model 'ViT-B-33'"):
        encoder_counting.count({"kind": "open_clip", "name": "ViT-B-33", "pretrained": "openai"}, "nowhere")


def test_a_plan_without_jobs_is_refused():
    with pytest.raises(InputError, match="not the JSON"):
        forecast.planned_jobs("Nothing to be done.")


def test_a_plan_of_too_many_jobs_is_refused_with_a_way_out():
    with pytest.raises(InputError, match=r"too large for visualization.*--config shards=100"):
        forecast.planned_jobs("Job-DAG is too large for visualization (>10000 jobs).\n")


@pytest.mark.slow
def test_the_forecast_of_a_configuration(unrun):
    """The jobs are those that Snakemake counts, and every one of them belongs to a stage."""
    names = list(unrun.config["augmentations"])
    values = {key: value for key, value in BENCH.items() if not key[1].endswith(("blur", "flip"))}
    for prefix in ("augmentation", "metrics,pixels ", "metrics,registered attention "):
        section, _, start = prefix.partition(",")
        values |= {(section, start + name): 2 for name in names}
    configured = unrun.config
    configured |= {"shards": 3, "study": {"images": 2}}
    configured["models"]["clip"]["precision"] = "bf16"
    with tarfile.open(unrun / "data/00.tar", "w") as archive:
        for name in PHOTOGRAPHS:
            archive.add(unrun / f"data/{name}.png", f"{name}.png")
    # A path with braces, which Snakemake would take for a wildcard.
    configured["datasets"]["tiny"] = {"kind": "webdataset", "path": "data/{00..00}.tar"}
    unrun.config = configured
    plan = unrun.standard_output("--forceall", "--d3dag")
    jobs = forecast.planned_jobs(plan)
    assert jobs == unrun.planned("--forceall")
    total = sum(jobs.values())
    assert {rule for rules in forecast_stages.RULES.values() for rule in rules} - jobs.keys() == {
        *("acquire_images", "ingest_counterparts", "list_counterparts", "pack_counterparts")
    }
    assert set(forecast_stages.TABLE_READERS) <= jobs.keys()

    (unrun / "results/benchmarks").mkdir(parents=True)
    (unrun / "results/benchmarks/plan.json").write_text(plan)
    missing = unrun.run("--quiet", "all", "--", "results/forecast.csv")
    assert missing.returncode != 0
    assert missing.stdout.strip().endswith("run `make bench` first, which measures this machine")
    with open(unrun / "results/benchmarks/bench.csv", "w", newline="") as file:
        csv.writer(file).writerows([("section", "name", "value"), *((*key, value) for key, value in values.items())])
    done = unrun.run("--quiet", "all", "--", "results/forecast.csv")
    assert done.returncode == 0, done.stdout
    rows = tables.read_rows(unrun / "results/forecast.csv")
    assert list(rows[0]) == forecast.COLUMNS
    assert rows[-1]["stage"] == "all" and rows[-1]["jobs"] == str(total)
    assert "encode clip" in done.stdout and f"{total:,}" in done.stdout
    by_stage = {row["stage"]: int(row["jobs"]) for row in rows}
    assert by_stage["encode clip"] == 3 + 1 and by_stage["augment"] == 3
