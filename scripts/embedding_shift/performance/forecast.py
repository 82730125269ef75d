"""What a run will take, before it starts: jobs, hours, memory and disk of every stage.

The times per view and per job come from `bench.csv`, the numbers of jobs from Snakemake's plan, all else from the
configuration. The forecast is of a run from nothing. It leaves out what the network decides, the fetching of images
and weights, and what is small: figures, logs and tables of the paper.

Stages: `preparation` (listing, checks, bundles, planning), `decode` (decoding, resizing, original views), `augment`,
`pixel metrics`, `encode {model}`, `comparison` (merging, attention with the geometry undone, long table, summary),
`study`, and `figures and paper` (all that follows).
"""

import json
import shutil
from collections import Counter
from dataclasses import dataclass

from embedding_shift.errors import InputError
from embedding_shift.io import tables

COLUMNS = ["stage", "jobs", "hours", "memory_mb", "disk_mb", "temporary_mb"]
ALL = "all"
MB = 1e6


@dataclass(frozen=True)
class Stage:
    """What a stage takes.

    Attributes:
        name: of the stage.
        jobs: their number.
        core_seconds: of all its jobs together.
        memory_mb: of its largest job.
        disk: bytes of the files that it leaves.
        temporary: bytes of the files that are deleted on the way, at most.
        threads: of one job.
        large_jobs: jobs that need `memory_mb`, beside which the others are small; None for all.
    """

    name: str
    jobs: int
    core_seconds: float
    memory_mb: float
    disk: float = 0
    temporary: float = 0
    threads: int = 1
    large_jobs: int | None = None

    def row(self, cores):
        """Return the stage's row of the forecast on so many cores: a dictionary of COLUMNS.

        `memory_mb` is of all jobs that run at once; a stage of fewer jobs than there are cores leaves the rest idle.
        """
        at_once = max(1, min(self.jobs, cores // self.threads))
        large_jobs = at_once if self.large_jobs is None else min(at_once, self.large_jobs)
        return {
            "stage": self.name,
            "jobs": self.jobs,
            "hours": self.core_seconds / 3600 / min(cores, at_once * self.threads),
            "memory_mb": self.memory_mb * large_jobs,
            "disk_mb": self.disk / MB,
            "temporary_mb": self.temporary / MB,
        }


def planned_jobs(plan: str) -> dict[str, int]:
    """Return {rule: number of jobs} of a plan.

    Args:
        plan: JSON of the graph of jobs, the output of `snakemake --d3dag`.

    Raises:
        InputError: the text is no such graph.
    """
    try:
        return dict(Counter(node["value"]["rule"] for node in json.loads(plan)["nodes"]))
    except (ValueError, KeyError, TypeError):
        raise InputError("the plan of the run is not the JSON that `snakemake --d3dag` prints") from None


def forecast(stages, cores):
    """Return the rows of the forecast, dictionaries of COLUMNS, the last of them for the whole run.

    The stages follow one another, so that hours and disk add up and the largest stage needs the memory.

    Args:
        stages: as of `forecast_stages.stages`.
        cores: processors that the run may use.
    """
    rows = [stage.row(cores) for stage in stages]
    total = {name: sum(row[name] for row in rows) for name in COLUMNS[1:]}
    return [*rows, {"stage": ALL} | total | {"memory_mb": max(row["memory_mb"] for row in rows)}]


def disk_warning(rows, folder):
    """Return a sentence where the file system of `folder` has less free than the run needs, else None."""
    needed = rows[-1]["disk_mb"] + rows[-1]["temporary_mb"]
    free = shutil.disk_usage(folder).free / MB
    if free >= needed:
        return None
    return (
        f"warning: the run needs {needed / 1e3:,.1f} GB of disk, {rows[-1]['temporary_mb'] / 1e3:,.1f} GB of them for"
        f" a time, and {folder} has {free / 1e3:,.1f} GB free"
    )


def as_text(rows):
    """Return the forecast as a table for people."""
    cells = [["stage", "jobs", "hours", "memory (MB)", "disk (MB)", "temporary (MB)"]]
    for row in rows:
        amounts = [f"{row[name]:,.0f}" for name in COLUMNS[3:]]
        cells.append([row["stage"], f"{row['jobs']:,}", f"{row['hours']:.3f}", *amounts])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in enumerate(line))
        for line in ([*zip(row, widths, strict=True)] for row in cells)
    )


def write(path, rows):
    """Write the forecast as CSV: hours to a hundredth of a minute, MB to whole ones."""
    rounded = [row | {"hours": f"{row['hours']:.5f}"} for row in rows]
    tables.write_rows(path, COLUMNS, [row | {name: round(row[name]) for name in COLUMNS[3:]} for row in rounded])
