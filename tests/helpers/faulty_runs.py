"""Runs that are hit by a fault: jobs and Snakemake killed, and what was finished by then."""

import base64
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from pipeline import ENVIRONMENT

PAUSE = 0.03


def can_mount():
    """Whether file systems can be mounted here; as root of a container they often cannot."""
    probe = "mount -t tmpfs tmpfs /mnt && umount /mnt"
    return not subprocess.run(["unshare", "--mount", "sh", "-c", probe], capture_output=True).returncode


needs_mount = pytest.mark.skipif(not can_mount(), reason="mounting a small file system needs root")


class Run:
    """Snakemake at work in a copy of the project, in a process group of its own."""

    def __init__(self, pipeline, targets, *arguments, cores=2, **options):
        self.folder = pipeline.folder.resolve()
        self._log = self.folder / "run.log"
        command = [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments, "--", *targets]
        with open(self._log, "wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )

    @property
    def output(self):
        return self._log.read_text(errors="replace")

    def most_threads(self):
        """Wait for the end and return the largest number of threads that Snakemake itself had at a time."""
        most = 0
        while not self.is_over():
            most = max(most, len(os.listdir(f"/proc/{self.process.pid}/task")))
        return most

    def ends(self):
        """Wait for the end and return the exit code."""
        return self.process.wait()

    def is_over(self):
        time.sleep(PAUSE)
        return self.process.poll() is not None

    def wait_for_job(self, script):
        """Wait until a job of `script` runs; return its process id, or None if the run ends before."""
        while not self.is_over():
            for pid, name in jobs(self.folder).items():
                if name == script:
                    return pid
        return None

    def wait_while_at_work(self, pid, seconds):
        """Wait until the job `pid` has used so many processor seconds, or ends."""
        while pid in jobs(self.folder) and processor_seconds(pid) < seconds:
            time.sleep(PAUSE)

    def kill(self, with_jobs):
        """Kill Snakemake alone, whose jobs go on, or everything that it started, as a power cut would."""
        if with_jobs:
            os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()
        self.process.wait()


def jobs(folder):
    """{process id: script} of the jobs at work in `folder`."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if (entry / "cwd").readlink() != folder:
                continue
            arguments = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:  # It has just ended, or is another user's.
            continue
        if len(arguments) > 1 and (script := re.fullmatch(rb"scripts/(\w+)\.py", arguments[1])):
            found[int(entry.name)] = script[1].decode()
    return found


def processor_seconds(pid):
    """Return what a process and all that it started have used, which other load hardly changes; 0 once it has ended."""
    try:
        process = psutil.Process(pid)
        return sum(sum(each.cpu_times()[:4]) for each in (process, *process.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0


def wait_for_jobs(folder):
    """Wait for the jobs that outlived a killed Snakemake."""
    while jobs(folder.resolve()):
        time.sleep(PAUSE)


def kill_each(run, due):
    """Kill one job of each script that `due` names, once it has used so many seconds; return the scripts killed."""
    killed = set()
    while not run.is_over():
        for pid, script in jobs(run.folder).items():
            if script in due and script not in killed and processor_seconds(pid) >= due[script]:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:  # It has just ended; another job of this script may follow.
                    continue
                killed.add(script)
    return killed


def durations(run):
    """Return {script: processor seconds that its longest job used} of a run, once it is over."""
    longest = {}
    while not run.is_over():
        for pid, script in jobs(run.folder).items():
            longest[script] = max(longest.get(script, 0), processor_seconds(pid))
    return longest


def finished_files(pipeline):
    """{path: time of change} of the results that finished jobs have left."""
    begun = incomplete(pipeline)
    files = {str(path.relative_to(pipeline.folder)): path for path in (pipeline / "results").rglob("*")}
    return {
        name: path.stat().st_mtime_ns
        for name, path in files.items()
        if path.is_file() and not path.name.startswith(".") and name not in begun
    }


def incomplete(pipeline):
    """The outputs of the jobs that Snakemake knows to have begun and not to have ended."""
    markers = (pipeline / ".snakemake/incomplete").iterdir()
    return {base64.urlsafe_b64decode(marker.name).decode() for marker in markers if marker.is_file()}


@contextmanager
def mounted(folder, *options):
    """Mount a file system in memory on `folder`, or with the option `bind` the folder itself, for a while."""
    source = [str(folder)] if "--bind" in options else ["-t", "tmpfs", "tmpfs"]
    subprocess.run(["mount", *options, *source, str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder, options):
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)
