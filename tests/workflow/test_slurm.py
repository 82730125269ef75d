"""The tiny pipeline on a real Slurm: the same results as on this machine alone, also when the node crashes."""

import os
import shutil
import subprocess
import sys
import time

import pytest
import slurm
from faulty_runs import needs_mount
from pipeline import ENVIRONMENT, file_digests
from tiny_run import tiny_config

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(slurm.why_unavailable() is not None, reason=f"no Slurm: {slurm.why_unavailable()}"),
]
# Snakemake, but that it asks every second for the jobs, which take seconds. The plugin for Slurm would wait ten seconds
# longer after each check that finds no job at its end.
IMPATIENT = """
import sys
import snakemake.cli
from snakemake_executor_plugin_slurm import Executor

Executor.next_seconds_between_status_checks = property(lambda self: 1, lambda self, seconds: None)
snakemake.cli.main(sys.argv[1:])
"""
# Without accounting, it asks the queue.
SITE = ["--slurm-no-account", "--slurm-status-command", "squeue"]
# The same through a submit command of the user's, as for any other scheduler.
GENERIC = [
    "--seconds-between-status-checks",
    "1",
    "--executor",
    "cluster-generic",
    "--jobs",
    "10",
    "--default-resources",
    "mem_mb=2000",
    "runtime=30",
    "--cluster-generic-submit-cmd",
    "sbatch --parsable --output /dev/null --mem {resources.mem_mb} --time {resources.runtime}",
]
TABLES = ["results/tiny/clip/summary.csv", "results/tiny/clip/pairwise_distance.csv"]
VIEWS = "results/tiny/views/elastic/00000.tar"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slurm")
    for parent in (folder, *folder.parents):
        mode = parent.stat().st_mode
        if not mode & 0o001:
            os.chmod(parent, mode | 0o055)  # munge runs as a user of its own
    with slurm.running(folder) as running:
        yield running


@pytest.fixture(scope="module")
def project(prepared, tmp_path_factory):
    """The tiny pipeline with one augmentation, before any run."""
    pipeline = prepared.copy(tmp_path_factory.mktemp("slurm-project") / "project")
    pipeline.config = tiny_config(augmentations={"elastic": pipeline.config["augmentations"]["elastic"]})
    return pipeline


@pytest.fixture(scope="module")
def expected(project, tmp_path_factory):
    """The digests of all results of a run on this machine alone."""
    local = project.copy(tmp_path_factory.mktemp("local") / "project")
    assert local.run().returncode == 0
    return file_digests(local / "results")


@pytest.fixture
def small(project, tmp_path):
    return project.copy(tmp_path / "project")


def submit(pipeline, cluster, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", IMPATIENT, *arguments],
        cwd=pipeline.folder,
        env=ENVIRONMENT | cluster.environment | {"PATH": ENVIRONMENT["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_slurm_gives_what_a_local_run_gives(small, cluster, expected):
    run = submit(small, cluster, "--profile", "profiles/slurm", *SITE)
    said, _ = run.communicate()
    assert run.returncode == 0, said[-5000:]
    assert "submitted with SLURM jobid" in said
    assert (small / "results/paper.pdf").exists()
    assert file_digests(small / "results") == expected


def test_a_crash_of_the_node_is_survived(small, cluster, expected):
    run = submit(small, cluster, "--profile", "profiles/slurm", *SITE, *TABLES)
    while not list((small / "results/tiny").glob("views/*/*.tar")):
        assert run.poll() is None, run.stdout.read()[-5000:]
        time.sleep(0.5)
    cluster.kill_node()
    time.sleep(5)
    cluster.start_node()
    run.communicate()
    again = submit(small, cluster, "--profile", "profiles/slurm", *SITE, *TABLES)
    said, _ = again.communicate()
    assert again.returncode == 0, said[-5000:]
    found = file_digests(small / "results")
    assert {path.removeprefix("results/") for path in TABLES} <= found.keys()
    assert found.items() <= expected.items()


def test_any_submit_command_will_do(small, cluster, expected):
    run = submit(small, cluster, *GENERIC, VIEWS)
    said, _ = run.communicate()
    assert run.returncode == 0, said[-5000:]
    assert file_digests(small / "results")[VIEWS.removeprefix("results/")] == expected[VIEWS.removeprefix("results/")]


def test_encoding_jobs_ask_for_a_gpu_where_the_configuration_names_one(small, cluster):
    """This cluster has none: it runs the other jobs and refuses these."""
    small.config = small.config | {"device": "cuda"}
    run = submit(small, cluster, "--profile", "profiles/slurm", *SITE, "results/tiny/clip/embeddings/elastic.npz")
    said, _ = run.communicate()
    assert run.returncode != 0
    assert "--gpus=1" in said and "generic resource (gres) specification" in said, said[-5000:]
    assert (small / VIEWS).exists()


@needs_mount
@pytest.mark.skipif(not shutil.which("rsync"), reason="not installed: rsync, which the storage plugin calls")
def test_node_and_run_share_a_storage_but_no_folder(small, cluster, expected, tmp_path):
    node, storage = (small.copy(tmp_path / name).folder for name in ("node", "storage"))
    cluster.kill_node()
    cluster.start_node(at=small.folder, seen=node)
    try:
        options = ["--shared-fs-usage", "none", "--default-storage-provider", "fs", "--slurm-logdir", tmp_path / "logs"]
        options += ["--default-storage-prefix", storage, "results/tiny/clip/embeddings/elastic.npz"]
        run = submit(small, cluster, "--profile", "profiles/slurm", *SITE, *map(str, options))
        said, _ = run.communicate()
    finally:
        cluster.kill_node()
        cluster.start_node()
    assert run.returncode == 0, said[-5000:]
    found = file_digests(storage / "results")
    assert "tiny/clip/embeddings/elastic.npz" in found and found.items() <= expected.items()
    assert list((node / "results").iterdir()) == [node / "results/store"]  # The run itself has no store.
    assert not (small / "results").exists()
