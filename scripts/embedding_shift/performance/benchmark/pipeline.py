"""The whole pipeline on photographs of this benchmark's own making: its time, and where it goes."""

import csv
import os
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import yaml

from embedding_shift.errors import InputError
from embedding_shift.performance.benchmark.timing import Row, cores

# The project as a module, so that its own configuration is not read.
SNAKEFILE = """\
configfile: "config.yaml"


module pipeline:
    snakefile:
        {snakefile!r}
    config:
        config


use rule * from pipeline
"""
RESULTS = "results/photographs/encoder"
TABLES = [f"{RESULTS}/{table}" for table in ("metrics.parquet", "summary.csv", "pairwise_distance.csv")]
# As most pictures on the web.
SIZE, QUALITY = (390, 470), 90


class Run:
    """A folder in which the pipeline runs with a configuration of its own.

    Attributes:
        folder: path of the folder.
    """

    def __init__(self, project, folder, configuration):
        """Create the folder, with a Snakefile that uses the project's rules, and the configuration."""
        self._project = Path(project).resolve()
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        (self.folder / "Snakefile").write_text(SNAKEFILE.format(snakefile=str(self._project / "Snakefile")))
        (self.folder / "config.yaml").write_text(yaml.safe_dump(configuration, sort_keys=False))

    def seconds_of(self, *arguments):
        """Run Snakemake with these arguments and return the seconds that it took.

        Raises:
            InputError: the run failed; the message ends with the last lines of Snakemake's output.
        """
        profile = str(self._project / "profiles/default")
        options = ["--cores", str(cores()), "--workflow-profile", profile]
        command = [sys.executable, "-m", "snakemake", *options, *arguments]
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        start = time.perf_counter()
        done = subprocess.run(command, cwd=self.folder, env=os.environ | {"PATH": path}, capture_output=True, text=True)
        if done.returncode:
            raise InputError(f"the pipeline failed in {self.folder}: {(done.stdout + done.stderr)[-2000:]}")
        return time.perf_counter() - start

    def jobs(self):
        """Return {script: [(seconds, peak memory in MB) of each job]}, from Snakemake's benchmark files."""
        found, scripts = defaultdict(list), self._project / "scripts"
        for path in sorted((self.folder / "benchmarks").rglob("*.tsv")):
            script = next(part for part in (path.stem, *reversed(path.parts)) if (scripts / f"{part}.py").exists())
            with open(path, newline="") as file:
                for row in csv.DictReader(file, delimiter="\t"):
                    memory = row["max_rss"]
                    found[script].append((float(row["s"]), float(memory) if memory not in ("-", "NA") else 0.0))
        return dict(found)


def configuration(photographs, bundle, augmentations, precision, shards=1):
    """Return the configuration of a run on a folder of photographs."""
    return {
        "shards": shards,
        "device": "auto",
        "datasets": {"photographs": {"kind": "folder", "path": str(Path(photographs).resolve())}},
        "models": {"encoder": {"kind": "local-dir", "path": str(Path(bundle).resolve()), "precision": precision}},
        "augmentations": augmentations,
    }


def write_photographs(sources, folder, count):
    """Write `count` JPEG cuttings of the photographs `sources` (bytes of image files), all different."""
    Path(folder).mkdir(parents=True)
    pictures = [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) for data in sources]
    generator = np.random.default_rng(0)
    height, width = SIZE
    for place in range(count):
        picture = pictures[place % len(pictures)]
        top, left = (generator.integers(length - part + 1) for length, part in zip(picture.shape, SIZE, strict=False))
        cutting = picture[top : top + height, left : left + width]
        cv2.imwrite(str(Path(folder) / f"{place:06d}.jpg"), cutting, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def start_up_rows(run):
    """Yield what a job of every kind costs before it has done anything, from a finished run on one image."""
    for script, jobs in sorted(run.jobs().items()):
        yield Row("start-up", script, float(np.median([seconds for seconds, _ in jobs])), "s")
    yield Row("start-up", "Snakemake", run.seconds_of("--", *TABLES), "s")


def memory_rows(run):
    """Yield the peak memory of every kind of job of a finished run."""
    for script, jobs in sorted(run.jobs().items()):
        yield Row("memory", script, max(memory for _, memory in jobs), "MB")
