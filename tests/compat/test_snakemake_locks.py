"""One run per folder, a plain rerun after a killed run, and Snakemake as it is where its version is not known."""

import fcntl
import os
import subprocess
import sys
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from pipeline import PROJECT

from embedding_shift.compat import snakemake_locks, snakemake_scheduler
from embedding_shift.errors import InputError

ATTEND = (
    "import sys; from embedding_shift.compat import snakemake_locks;"
    " mark = snakemake_locks.attend(sys.argv[1]); print('here'); input()"
)


@contextmanager
def attending(folder):
    """Start another process that works in `folder`."""
    process = subprocess.Popen(
        [sys.executable, "-c", ATTEND, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(PROJECT / "scripts")},
    )
    try:
        assert process.stdout.readline() == "here\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def folder(tmp_path):
    """Snakemake's folder with the mark and the lock of an earlier run."""
    with snakemake_locks.attend(tmp_path):
        pass
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks/0.output.lock").write_text("results/paper.pdf\n")
    return tmp_path


def test_the_lock_of_a_killed_run_is_deleted(folder):
    with snakemake_locks.attend(folder):
        assert not (folder / "locks").exists()


def test_the_lock_of_a_living_run_stays_until_it_is_killed(folder):
    (folder / "locks/0.output.lock").rename(folder / "lock")
    with attending(folder) as process:
        (folder / "lock").rename(folder / "locks/0.output.lock")
        with snakemake_locks.attend(folder):
            assert (folder / "locks/0.output.lock").exists()
        process.kill()
        process.wait()
        with snakemake_locks.attend(folder):
            assert not (folder / "locks").exists()


def test_the_lock_of_another_machine_stays(folder):
    (folder / snakemake_locks.ATTENDANCE).write_text("elsewhere")
    with snakemake_locks.attend(folder):
        assert (folder / "locks/0.output.lock").exists()


def test_of_two_runs_that_start_at_once_one_is_refused(tmp_path):
    with snakemake_locks.start(tmp_path), pytest.raises(InputError, match="another run is at work in this folder"):
        snakemake_locks.start(tmp_path)
    snakemake_locks.start(tmp_path).close()


def test_a_file_system_without_locks_is_no_obstacle(folder, monkeypatch):
    def refuse(*_):
        raise OSError("no locks")

    monkeypatch.setattr(fcntl, "flock", refuse)
    snakemake_locks.attend(folder).close()
    snakemake_locks.start(folder).close()
    assert (folder / "locks/0.output.lock").exists()


@pytest.fixture(params=["unknown version", "database"])
def unknown(request, folder, monkeypatch):
    """A folder in which the locks of Snakemake are not those that the project knows."""
    if request.param == "database":
        (folder / "metadata.db").touch()
    else:
        monkeypatch.setattr(snakemake_locks, "VERSIONS", ("0.1",))
    return folder


def test_locks_that_are_not_known_are_left_alone_and_a_message_says_so(unknown, capsys):
    snakemake_locks.attend(unknown).close()
    assert (unknown / "locks/0.output.lock").exists()
    assert "--unlock" in capsys.readouterr().err
    with snakemake_locks.start(unknown), pytest.raises(InputError, match="another run is at work"):
        snakemake_locks.start(unknown)


def workflow(max_jobs, timespan):
    limit = SimpleNamespace(max_jobs=max_jobs, timespan=timespan)
    settings = SimpleNamespace(max_jobs_per_timespan=limit)
    return SimpleNamespace(scheduling_settings=settings, scheduler=SimpleNamespace(job_rate_limiter="limiter"))


def test_the_default_limit_is_turned_off_and_no_other():
    default, own = workflow(100, 1), workflow(5, 60)
    assert snakemake_scheduler.drop_default_limit(default) == snakemake_scheduler.drop_default_limit(own) == ""
    assert default.scheduler.job_rate_limiter is None
    assert own.scheduler.job_rate_limiter == "limiter"


def test_the_limit_of_an_unknown_version_stays_and_a_message_says_so(monkeypatch):
    monkeypatch.setattr(snakemake_scheduler, "VERSIONS", ("0.1",))
    default = workflow(100, 1)
    assert "limit of started jobs" in snakemake_scheduler.drop_default_limit(default)
    assert default.scheduler.job_rate_limiter == "limiter"


class Resources:
    """The part of Snakemake's workflow that holds the limits of resources."""

    def __init__(self, **limits):
        self.global_resources = limits

    def register_resource(self, name, value):
        self.global_resources[name] = value


def test_jobs_on_gpus_are_limited_to_the_gpus_of_the_machine(monkeypatch):
    for gpus, limits, expected in ((2, {}, {"gpu": 2}), (2, {"gpu": 1}, {"gpu": 1}), (0, {}, {})):
        workflow = Resources(**limits)
        snakemake_scheduler.limit_gpu_jobs(workflow, gpus)
        assert workflow.global_resources == expected
    monkeypatch.setattr(snakemake_scheduler, "VERSIONS", ("0.1",))
    unknown = Resources()
    snakemake_scheduler.limit_gpu_jobs(unknown, 2)
    assert unknown.global_resources == {}
