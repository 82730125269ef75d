"""Runs that are hit by faults end with the same bytes as one that was not, or with a clear error and nothing half-made.

The fault model, with what is promised for each fault, is docs/faults.md.
"""

import os
import random
import resource
import shutil
import signal

import cv2
import faulty_runs
import numpy as np
import pandas as pd
import pytest
from faulty_runs import Run, needs_mount
from pipeline import PROJECT, Pipeline, file_digests
from small_models import write_clip_bundle
from tiny_run import CONFIG, RESULTS, tiny_config, write_data

from embedding_shift.io import array_files, tables

pytestmark = pytest.mark.slow

TABLES = ("metrics.parquet", "exclusions.csv", "summary.csv", "pairwise_distance.csv")
TARGETS = [f"{RESULTS}/{name}" for name in (*TABLES, "figures/radar.pdf")]
BLACK = {
    "label": "Black",
    "color": "#000000",
    "transform": "RandomBrightnessContrast",
    "parameters": {"brightness_limit": [-1, -1], "contrast_limit": [0, 0]},
}


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """Before any run: a photograph and a picture of one colour; a warp, and an augmentation that leaves only black."""
    pipeline = Pipeline.fresh(tmp_path_factory.mktemp("faults") / "project")
    (pipeline / "data").mkdir()
    shutil.copy(PROJECT / "resources/kodak/images/kodim02.png", pipeline / "data/photograph.png")
    cv2.imwrite(str(pipeline / "data/uniform.png"), np.full((100, 100, 3), 128, np.uint8))
    write_data(pipeline, [(name, f"{name}.png") for name in ("photograph", "uniform")])
    write_clip_bundle(pipeline / "bundle", vocabulary=49408)
    pipeline.config = tiny_config(
        augmentations={"elastic": CONFIG["augmentations"]["elastic"], "black": BLACK},
        study={"images": 2, "draws": 2, "doses": [0.5]},
    )
    return pipeline


@pytest.fixture(scope="session")
def undisturbed(project, tmp_path_factory):
    """After a run that nothing disturbed, with the processor seconds that each kind of job used."""
    return after_a_run(project.copy(tmp_path_factory.mktemp("undisturbed") / "project"), TARGETS)


@pytest.fixture(scope="session")
def complete(undisturbed, tmp_path_factory):
    """The same after everything up to the paper was made, the study included."""
    pipeline = after_a_run(undisturbed.copy(tmp_path_factory.mktemp("complete") / "project"), [])
    pipeline.durations |= undisturbed.durations
    return pipeline


def after_a_run(pipeline, targets):
    run = Run(pipeline, targets)
    pipeline.durations = faulty_runs.durations(run)
    assert run.ends() == 0, run.output[-5000:]
    return pipeline


@pytest.fixture
def unrun(project, tmp_path):
    return project.copy(tmp_path / "project")


@pytest.fixture
def again(undisturbed, tmp_path):
    return undisturbed.copy(tmp_path / "project")


def assert_same_results(pipeline, undisturbed):
    assert file_digests(pipeline / "results") == file_digests(undisturbed / "results")


def assert_no_work_was_repeated(pipeline, finished):
    """Files of finished jobs are as old as they were, or deleted because they were needed only on the way."""
    now = faulty_runs.finished_files(pipeline)
    assert {name: now[name] for name in finished if name in now} == {
        name: time for name, time in finished.items() if name in now
    }


def test_a_job_of_each_stage_is_killed(unrun, complete):
    """From the list of images to the paper; after every kill a plain rerun goes on, and finished work is left alone."""
    generator = random.Random(4)
    due = {script: generator.uniform(0, 0.5) * seconds for script, seconds in sorted(complete.durations.items())}
    killed, finished = set(), {}
    for _ in range(len(due) + 1):
        run = Run(unrun, [])
        now_killed = faulty_runs.kill_each(run, {script: due[script] for script in due if script not in killed})
        code = run.ends()
        assert (code != 0) == bool(now_killed), run.output[-5000:]
        assert "Traceback" not in run.output
        assert_no_work_was_repeated(unrun, finished)
        finished |= faulty_runs.finished_files(unrun)
        killed |= now_killed
        if code == 0:
            break
    # Some jobs last no longer than it takes to notice them.
    assert len(killed) > 0.8 * len(due), set(due) - killed
    assert killed >= {"augment_views", "encode_views", "compute_study_metrics", "build_paper"}
    assert_same_results(unrun, complete)


def test_snakemake_itself_is_killed(unrun, undisturbed):
    """Alone, so that its jobs outlive it, or with all its jobs; the rerun needs no unlocking and no cleaning up."""
    generator = random.Random(5)
    finished = {}
    for script, with_jobs in (("augment_views", False), ("encode_views", True), ("compute_metrics", False)):
        run = Run(unrun, TARGETS)
        job = run.wait_for_job(script)
        assert job, run.output[-5000:]
        run.wait_while_at_work(job, generator.uniform(0, 0.9) * undisturbed.durations[script])
        run.kill(with_jobs)
        assert_no_work_was_repeated(unrun, finished)
        finished |= faulty_runs.finished_files(unrun)
    run = Run(unrun, TARGETS)
    assert run.ends() == 0, run.output[-5000:]
    assert_no_work_was_repeated(unrun, finished)
    faulty_runs.wait_for_jobs(unrun.folder)
    assert_same_results(unrun, undisturbed)


def test_two_runs_in_one_folder_are_refused_and_the_first_goes_on(unrun):
    target = "results/tiny/manifest.csv"
    first = Run(unrun, [target])
    job = first.wait_for_job("ingest_images")
    os.kill(job, signal.SIGSTOP)  # It is to last as long as the others need.
    assert unrun.run("--dry-run", target).returncode == 0
    second = unrun.run(target)
    assert second.returncode != 0
    assert "Directory cannot be locked" in second.stdout
    assert "Traceback" not in second.stdout
    os.kill(job, signal.SIGCONT)
    assert first.ends() == 0, first.output
    assert (unrun / target).exists()


def flip_a_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def truncate(path):
    os.truncate(path, path.stat().st_size * 2 // 3)


def empty(path):
    os.truncate(path, 0)


@pytest.mark.parametrize(
    "damage",
    [
        {"results/tiny/views/black/00000.tar": truncate},
        {f"{RESULTS}/encoded/elastic/00000.npz": flip_a_byte},
        {
            f"{RESULTS}/embeddings/elastic.npz": truncate,
            "results/tiny/pixel_metrics/elastic/00000.npz": flip_a_byte,
            f"{RESULTS}/representation_metrics/black/00000.npz": empty,
        },
    ],
    ids=["views", "encoded", "results"],
)
def test_damaged_files_are_named_when_they_are_read_and_made_anew(again, undisturbed, damage):
    """Each run finds what it comes to read; in the end nothing tells the results from undisturbed ones."""
    for name, spoil in damage.items():
        spoil(again / name)
    outputs = []
    for _ in range(len(damage) + 1):
        run = Run(again, [*TARGETS, *damage])
        code = run.ends()
        outputs.append(run.output)
        if code == 0:
            break
    assert code == 0
    assert "Traceback" not in "".join(outputs)
    assert [name for name in damage if f"error: {name} is damaged: " in "".join(outputs)] == list(damage)
    assert_same_results(again, undisturbed)


def assert_whole_files_alone(pipeline, undisturbed):
    """What has its final name is what an undisturbed run leaves, and nothing lies beside it."""
    expected = file_digests(undisturbed / "results")
    found = file_digests(pipeline / "results")
    on_the_way = {name for name in found if name not in expected}
    assert all("/ingested/" in name for name in on_the_way)
    assert not [name for name in found if name.rpartition("/")[2].startswith(".")]
    assert {name: found[name] for name in found if name in expected} == {
        name: expected[name] for name in found if name in expected
    }


@needs_mount
def test_a_full_disk_leaves_nothing_half_written_and_a_rerun_goes_on(unrun, undisturbed):
    (unrun / "results").mkdir()
    with faulty_runs.mounted(unrun / "results", "-o", "size=1500k"):
        run = Run(unrun, TARGETS)
        assert run.ends() != 0
        assert "the disk is full" in run.output
        assert "Traceback" not in run.output
        assert_whole_files_alone(unrun, undisturbed)
        faulty_runs.remount(unrun / "results", "size=64m")
        run = Run(unrun, TARGETS)
        assert run.ends() == 0, run.output[-5000:]
        assert_same_results(unrun, undisturbed)


@needs_mount
def test_a_read_only_results_folder(again):
    """The results stay as they are, and the run names those that it cannot write."""
    before = file_digests(again / "results")
    with faulty_runs.mounted(again / "results", "--bind"):
        faulty_runs.remount(again / "results", "bind,ro")
        run = Run(again, TARGETS, "--forcerun", "summarise_metrics")
        assert run.ends() != 0
        assert "Write-protected output files for rule" in run.output or "read-only" in run.output
        assert "Traceback" not in run.output
        assert file_digests(again / "results") == before


def test_a_quota_hit_in_mid_write(unrun, undisturbed):
    """No file may be longer than 100 kB, which is less than a shard and more than Snakemake's own records."""
    limit = 100_000
    run = Run(unrun, TARGETS, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert run.ends() != 0
    assert "the file would be larger than the limit" in run.output
    assert "Traceback" not in run.output
    assert_whole_files_alone(unrun, undisturbed)


def test_uniform_and_black_pictures_have_values_or_are_named(undisturbed):
    """A picture of one colour has no detail to preserve; everything else is defined."""
    metrics = tables.read_parquet([undisturbed / RESULTS / "metrics.parquet"])
    exclusions = pd.read_csv(undisturbed / RESULTS / "exclusions.csv")
    assert np.isfinite(metrics["value"]).all()
    excluded = exclusions.groupby("metric")[["image_id", "augmentation"]].agg(lambda values: sorted(set(values)))
    assert excluded["image_id"].to_dict() == {
        "detail_preservation": ["uniform"],
        "detail_preservation_registered": ["uniform"],
    }
    assert all(names == ["black", "elastic"] for names in excluded["augmentation"])
    assert exclusions["reason"].str.contains("texture").all()
    assert len(metrics) + len(exclusions) == 2 * 2 * metrics["metric"].nunique()
    black = metrics[metrics["augmentation"] == "black"]
    assert set(black.loc[black["image_id"] == "uniform", "metric"]) >= {"edge_preservation", "patch_similarity"}


def test_embeddings_that_are_no_numbers_are_left_out_and_named(again):
    """Of two images one has NaN, infinity or zeros instead of an embedding, and NaN or one value as attention."""
    for view, value in (("elastic", np.nan), ("black", np.inf)):
        path = again / f"{RESULTS}/encoded/{view}/00000.npz"
        arrays = array_files.read(path)
        image_ids = arrays.pop("image_id")
        for name in ("embedding", "attention"):
            arrays[name][list(image_ids).index("photograph")] = value
        array_files.write(path, image_ids, **arrays)
    run = Run(again, TARGETS)
    assert run.ends() == 0, run.output[-5000:]
    exclusions = pd.read_csv(again / RESULTS / "exclusions.csv")
    of_photograph = exclusions[exclusions["image_id"] == "photograph"]
    expected = {"cosine_similarity", "l2_distance", "attention_similarity", "attention_similarity_registered"}
    for view in ("elastic", "black"):
        assert set(of_photograph.loc[of_photograph["augmentation"] == view, "metric"]) == expected
    summary = pd.read_csv(again / RESULTS / "summary.csv").set_index(["metric", "augmentation"])
    assert (summary.loc["cosine_similarity", "n"] == 1).all()
    assert not pd.read_csv(again / RESULTS / "pairwise_distance.csv").isna().any(axis=None)
    spread = ["std", "ci_low", "ci_high"]  # of one image there is none
    assert not summary.drop(columns=spread).isna().any(axis=None)
    assert (summary[spread].isna().all(axis=1) == (summary["n"] == 1)).all()
    metrics = tables.read_parquet([again / RESULTS / "metrics.parquet"])
    assert np.isfinite(metrics["value"]).all()
