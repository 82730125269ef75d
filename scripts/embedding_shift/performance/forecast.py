"""Forecast the jobs, hours, memory and disk space of every stage of a run.

The times per view and per job come from `bench.csv`, the numbers of jobs from Snakemake's plan, and everything else
from the configuration. The forecast assumes a run from the beginning. It leaves out what depends on the network
(fetching images and weights) and what is small (figures, logs and tables of the paper).

Stages: `preparation` (listing, checks, bundles, planning), `decode` (decoding, resizing, original views), `augment`,
`pixel metrics`, `encode {model}`, `comparison` (merging, attention with the geometry undone, long table, summary),
`study`, and `figures and paper` (everything else).
"""

import json
import math
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from embedding_shift.errors import InputError
from embedding_shift.io import tables

ALL = "all"
MB = 1e6


@dataclass(frozen=True)
class Row:
    """A row of the forecast.

    Attributes:
        stage: name of the stage, or ALL for the whole run.
        jobs: number of jobs.
        hours: run time.
        memory_mb: memory of all jobs that run at the same time.
        disk_mb: files that remain.
        temporary_mb: files that are deleted during the run.
    """

    stage: str
    jobs: int
    hours: float
    memory_mb: float
    disk_mb: float
    temporary_mb: float


COLUMNS = [field.name for field in fields(Row)]
AMOUNTS = ["memory_mb", "disk_mb", "temporary_mb"]


@dataclass(frozen=True)
class Stage:
    """The cost of a stage.

    Attributes:
        name: name of the stage.
        jobs: number of jobs.
        core_seconds: time of all its jobs together.
        memory_mb: memory of its largest job.
        disk: bytes of the files that remain.
        temporary: bytes of the files that are deleted during the run, at most.
        threads: threads of one job; None if the jobs share the processors among them.
        most_threads: threads of one job at most, if the jobs share the processors.
        large_jobs: number of jobs that need `memory_mb`; the others are small. None if all are large.
    """

    name: str
    jobs: int
    core_seconds: float
    memory_mb: float
    disk: float = 0
    temporary: float = 0
    threads: int | None = 1
    most_threads: float = math.inf
    large_jobs: int | None = None

    def row(self, cores: int) -> Row:
        """Return the forecast of the stage on `cores` processors; a stage with fewer jobs leaves some of them idle."""
        threads = self.threads or min(max(1, math.ceil(cores / max(1, self.jobs))), self.most_threads)
        at_once = max(1, min(self.jobs, int(cores // threads)))
        large_jobs = at_once if self.large_jobs is None else min(at_once, self.large_jobs)
        return Row(
            stage=self.name,
            jobs=self.jobs,
            hours=self.core_seconds / 3600 / min(cores, at_once * threads),
            memory_mb=self.memory_mb * large_jobs,
            disk_mb=self.disk / MB,
            temporary_mb=self.temporary / MB,
        )


def planned_jobs(plan: str) -> dict[str, int]:
    """Return the number of jobs of a plan by rule.

    Args:
        plan: JSON of the graph of jobs, the output of `snakemake --d3dag`.

    Raises:
        InputError: the text is not such a graph. Snakemake prints none for more than 10,000 jobs.
    """
    try:
        return dict(Counter(node["value"]["rule"] for node in json.loads(plan)["nodes"]))
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"the plan of the run is not the JSON of `snakemake --d3dag` but {plan.strip()[:100]!r}. If the run has too"
            " many jobs, forecast it with fewer shards (--config shards=100), which leaves out only the start of jobs"
        ) from None


def forecast(stages: Iterable[Stage], cores: int) -> list[Row]:
    """Return the rows of the forecast; the last row is that of the whole run.

    The stages follow one another: hours and disk space add up, and the largest stage determines the memory.

    Args:
        stages: the stages, see `forecast_stages.stages`.
        cores: processors that the run may use.
    """
    rows = [stage.row(cores) for stage in stages]
    total = Row(
        stage=ALL,
        jobs=sum(row.jobs for row in rows),
        hours=sum(row.hours for row in rows),
        memory_mb=max(row.memory_mb for row in rows),
        disk_mb=sum(row.disk_mb for row in rows),
        temporary_mb=sum(row.temporary_mb for row in rows),
    )
    return [*rows, total]


def disk_warning(rows: Sequence[Row], folder: Path) -> str | None:
    """Return a warning if the file system of `folder` has less free space than the run needs, else None."""
    total = rows[-1]
    needed = total.disk_mb + total.temporary_mb
    free = shutil.disk_usage(folder).free / MB
    if free >= needed:
        return None
    return (
        f"warning: the run needs {needed / 1e3:,.1f} GB of disk space, {total.temporary_mb / 1e3:,.1f} GB of it"
        f" temporarily, and {folder} has {free / 1e3:,.1f} GB free"
    )


def as_text(rows: Iterable[Row]) -> str:
    """Return the forecast as an aligned table."""
    cells = [["stage", "jobs", "hours", "memory (MB)", "disk (MB)", "temporary (MB)"]]
    for row in rows:
        amounts = [f"{getattr(row, name):,.0f}" for name in AMOUNTS]
        cells.append([row.stage, f"{row.jobs:,}", f"{row.hours:.3f}", *amounts])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in enumerate(line))
        for line in ([*zip(row, widths, strict=True)] for row in cells)
    )


def write(path: str | Path, rows: Iterable[Row]) -> None:
    """Write the forecast as CSV: hours with five decimals, MB as whole numbers."""
    written = [
        asdict(row) | {"hours": f"{row.hours:.5f}"} | {name: round(getattr(row, name)) for name in AMOUNTS}
        for row in rows
    ]
    tables.write_rows(path, COLUMNS, written)
