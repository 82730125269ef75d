"""Runs of the real pipeline on a copy of the project."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

PROJECT = Path(__file__).parents[2]
# At every start, Snakemake's plugin for Slurm asks Slurm for its settings. Where Slurm is installed but not running,
# the answer takes ten seconds; with an empty configuration, Slurm refuses at once.
os.environ["SLURM_CONF"] = os.devnull
ENVIRONMENT = os.environ | {
    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    "OMP_NUM_THREADS": "1",
}


def file_digests(folder):
    """{path: SHA-256} of every file under `folder`, but for `store/`, whose files have random names."""
    paths = (path.relative_to(folder) for path in sorted(Path(folder).rglob("*")) if path.is_file())
    return {
        str(path): hashlib.sha256(Path(folder, path).read_bytes()).hexdigest()
        for path in paths
        if path.parts[0] != "store"
    }


class Pipeline:
    """A copy of the project, with a configuration of its own."""

    def __init__(self, folder):
        self.folder = Path(folder)

    @classmethod
    def fresh(cls, folder, leave_out=("resources/", "tests/")):
        """Copy what git tracks, or would track, to `folder`."""
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
        for name in listed.stdout.split("\0"):
            if name and not name.startswith(leave_out) and (PROJECT / name).is_file():
                target = Path(folder, name)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(PROJECT / name, target)
        return cls(folder)

    def copy(self, folder):
        """Copy everything, results and Snakemake's records included."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Pipeline(folder)

    def __truediv__(self, path):
        return self.folder / path

    @property
    def config(self):
        return yaml.safe_load((self / "config.yaml").read_text())

    @config.setter
    def config(self, content):
        (self / "config.yaml").write_text(yaml.safe_dump(content, sort_keys=False))

    def run(self, *arguments, cores=2):
        """Run Snakemake and return what it said, both streams as one."""
        return subprocess.run(
            [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments],
            cwd=self.folder,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def standard_output(self, *arguments):
        """Run Snakemake and return its standard output."""
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=ENVIRONMENT, check=True, capture_output=True, text=True
        ).stdout

    def planned(self, *arguments):
        """Return {rule: number of jobs} that a run would do now."""
        done = self.run("--dry-run", *arguments)
        assert done.returncode == 0, done.stdout
        table = re.search(r"^job +count\n[- ]+\n(.*?)^total ", done.stdout, re.MULTILINE | re.DOTALL)
        if table is None:
            assert "Nothing to be done" in done.stdout, done.stdout
            return {}
        return {rule: int(count) for rule, count in (line.split() for line in table[1].splitlines())}
