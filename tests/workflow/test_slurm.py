"""The tiny pipeline on a real Slurm: the same results as on this machine alone, also when the node crashes."""

import os
import subprocess
import sys
import time

import pytest
import slurm
from pipeline import ENVIRONMENT, file_digests
from tiny_run import tiny_config

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(slurm.why_unavailable() is not None, reason=f"no Slurm: {slurm.why_unavailable()}"),
]
# These jobs take seconds, so Snakemake is to ask for them often.
IMPATIENT = ["--seconds-between-status-checks", "1"]
# Without accounting, it asks the queue.
SITE = ["--slurm-no-account", "--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "1"]
SITE += IMPATIENT
# The same through a submit command of the user's, as for any other scheduler.
GENERIC = [
    *IMPATIENT,
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


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slurm")
    for parent in (folder, *folder.parents):
        mode = parent.stat().st_mode
        if not mode & 0o001:
            os.chmod(parent, mode | 0o055)  # munge runs as a user of its own
    with slurm.running(folder) as running:
        yield running


@pytest.fixture
def small(unrun):
    """The tiny pipeline with one augmentation, to be run for its tables."""
    configuration = unrun.config
    unrun.config = tiny_config(augmentations={"elastic": configuration["augmentations"]["elastic"]})
    return unrun


def submit(pipeline, cluster, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=pipeline.folder,
        env=ENVIRONMENT | cluster.environment | {"PATH": ENVIRONMENT["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_slurm_gives_what_a_local_run_gives(small, cluster, tmp_path):
    local = small.copy(tmp_path / "local")
    assert local.run().returncode == 0
    run = submit(small, cluster, "--profile", "profiles/slurm", *SITE)
    said, _ = run.communicate()
    assert run.returncode == 0, said[-5000:]
    assert "submitted with SLURM jobid" in said
    assert (small / "results/paper.pdf").exists()
    assert file_digests(small / "results") == file_digests(local / "results")


def test_a_crash_of_the_node_is_survived(small, cluster, tmp_path):
    undisturbed = small.copy(tmp_path / "undisturbed")
    assert undisturbed.run(*TABLES).returncode == 0
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
    assert file_digests(small / "results") == file_digests(undisturbed / "results")


def test_any_submit_command_will_do(small, cluster):
    run = submit(small, cluster, *GENERIC, *TABLES)
    said, _ = run.communicate()
    assert run.returncode == 0, said[-5000:]
    assert all((small / table).exists() for table in TABLES)


def test_encoding_jobs_ask_for_a_gpu_where_the_configuration_names_one(small, cluster):
    """This cluster has none: it runs the other jobs and refuses these."""
    small.config = small.config | {"device": "cuda"}
    run = submit(small, cluster, "--profile", "profiles/slurm", *SITE, *TABLES)
    said, _ = run.communicate()
    assert run.returncode != 0
    assert "--gpus=1" in said and "generic resource (gres) specification" in said, said[-5000:]
    assert (small / "results/tiny/views/elastic/00000.tar").exists()
