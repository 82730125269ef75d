"""Run the pipeline on generated photographs, and read the time and memory of its jobs."""

import csv
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
import yaml

from embedding_shift.config.entries import AugmentationEntry
from embedding_shift.errors import InputError
from embedding_shift.performance.benchmark.timing import Row, cores

# It uses the project as a module, so that the project's own configuration is not read. Snakemake leaves it to the
# importing workflow to call what a module does at the start.
SNAKEFILE = """\
configfile: "config.yaml"


module pipeline:
    snakefile:
        {snakefile!r}
    config:
        config


use rule * from pipeline


onstart:
    pipeline.onstart()
"""
RESULTS = "results/photographs/encoder"
TABLES = [f"{RESULTS}/{table}" for table in ("metrics.parquet", "summary.csv", "pairwise_distance.csv")]
# (height, width) and JPEG quality of the photographs, typical of images on the web.
SIZE, QUALITY = (390, 470), 90
# On a GPU, some shards are encoded while the views of the others are made and measured.
SHARDS_ON_GPU = {"shards": 8, "encode_shards_per_job": 4}


class JobUsage(NamedTuple):
    """The run time of a job, and its peak memory; 0 if Snakemake did not measure the memory."""

    seconds: float
    memory_mb: float


class Run:
    """A folder in which the pipeline runs with a configuration of its own.

    Attributes:
        folder: path of the folder.
    """

    def __init__(self, project: Path, folder: Path, configuration: Mapping[str, Any]) -> None:
        """Create the folder, with a Snakefile that uses the project's rules, and with the configuration."""
        self._project = project.resolve()
        self.folder = folder
        self.folder.mkdir(parents=True)
        (self.folder / "Snakefile").write_text(SNAKEFILE.format(snakefile=str(self._project / "Snakefile")))
        (self.folder / "config.yaml").write_text(yaml.safe_dump(dict(configuration), sort_keys=False))

    def seconds_of(self, *arguments: str) -> float:
        """Run Snakemake with these arguments and return its run time in seconds.

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

    def jobs(self) -> dict[str, list[JobUsage]]:
        """Return the usage of every job by script, from Snakemake's benchmark files."""
        found, scripts = defaultdict(list), self._project / "scripts"
        for path in sorted((self.folder / "benchmarks").rglob("*.tsv")):
            script = next(part for part in (path.stem, *reversed(path.parts)) if (scripts / f"{part}.py").exists())
            with open(path, newline="") as file:
                for row in csv.DictReader(file, delimiter="\t"):
                    memory = row["max_rss"]
                    found[script].append(JobUsage(float(row["s"]), float(memory) if memory not in ("-", "NA") else 0.0))
        return dict(found)


def configuration(
    photographs: Path, bundle: Path, augmentations: Mapping[str, AugmentationEntry], precision: str
) -> dict[str, Any]:
    """Return the configuration of a run on a folder of photographs."""
    return {
        **(SHARDS_ON_GPU if torch.cuda.is_available() else {"shards": 1}),
        "device": "auto",
        "datasets": {"photographs": {"kind": "folder", "path": str(photographs.resolve())}},
        "models": {"encoder": {"kind": "local-dir", "path": str(bundle.resolve()), "precision": precision}},
        "augmentations": dict(augmentations),
    }


def write_photographs(sources: Sequence[bytes], folder: Path, count: int) -> None:
    """Write `count` different crops of photographs as JPEG files.

    Args:
        sources: content of the photograph files.
        folder: folder to create.
        count: number of crops.
    """
    folder.mkdir(parents=True)
    images = [np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)) for data in sources]
    generator = np.random.default_rng(0)
    height, width = SIZE
    with ThreadPoolExecutor(cores()) as pool:
        for place in range(count):
            image = images[place % len(images)]
            top, left = (generator.integers(length - part + 1) for length, part in zip(image.shape, SIZE, strict=False))
            crop = image[top : top + height, left : left + width]
            path = str(folder / f"{place:06d}.jpg")
            pool.submit(cv2.imwrite, path, crop, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def start_up_rows(run: Run) -> Iterator[Row]:
    """Yield the median run time of every script's jobs, and the time of Snakemake, from a finished run on one image."""
    for script, jobs in sorted(run.jobs().items()):
        yield Row("start-up", script, float(np.median([job.seconds for job in jobs])), "s")
    yield Row("start-up", "Snakemake", run.seconds_of("--", *TABLES), "s")


def memory_rows(run: Run) -> Iterator[Row]:
    """Yield the peak memory of every script's jobs in a finished run."""
    for script, jobs in sorted(run.jobs().items()):
        yield Row("memory", script, max(job.memory_mb for job in jobs), "MB")
