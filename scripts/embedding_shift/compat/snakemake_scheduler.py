"""Turn off Snakemake's default limit of started jobs per second, limit the jobs on GPUs, and order jobs by wildcards.

Reason: to enforce the limit of started jobs, Snakemake re-evaluates its queue once per second in a thread, and starts
another such thread whenever a job ends, so that its work grows with the square of the number of jobs. The number of
cores and the scheduler of a cluster limit the jobs anyway. Snakemake does not count the GPUs of a machine.

Written for: Snakemake 9.27, which keeps this limit in `workflow.scheduler.job_rate_limiter`, and the limits of
resources in `workflow.global_resources`. Its priorities may be functions of wildcards, which earlier versions refuse.

Fallback: with any other version the limit stays, and a message says so. A limit that the user sets
(`--max-jobs-per-timespan`) always stays. The number of jobs on GPUs is not limited then; `--resources gpu=N` does it.
All jobs of a rule have the same priority then.
"""

from collections.abc import Callable
from typing import Any

from embedding_shift.compat import versions

VERSIONS = ("9.27",)
# Snakemake's default: at most so many jobs are started in so many seconds.
DEFAULT_LIMIT = (100, 1)
UNKNOWN_VERSION = (
    "This version of Snakemake is not known to the project: its limit of started jobs per second stays, which slows "
    "down runs of thousands of jobs."
)


def drop_default_limit(workflow: Any) -> str:
    """Turn off the limit of a workflow whose scheduler is set up, unless the user has set one.

    Args:
        workflow: Snakemake's object of that name, in `onstart`.

    Returns:
        a message for the user if the limit stays because this version of Snakemake is not known, else an empty text.
    """
    if not versions.is_installed("snakemake", *VERSIONS):
        return UNKNOWN_VERSION
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit and (limit.max_jobs, limit.timespan) == DEFAULT_LIMIT:
        workflow.scheduler.job_rate_limiter = None
    return ""


def limit_gpu_jobs(workflow: Any, gpus: int) -> None:
    """Let at most so many jobs that request a GPU run at the same time, unless the user has set a limit.

    Args:
        workflow: Snakemake's object of that name, while it reads the rules.
        gpus: number of GPUs of this machine; nothing changes if it is 0.
    """
    if gpus and versions.is_installed("snakemake", *VERSIONS) and "gpu" not in workflow.global_resources:
        workflow.register_resource("gpu", gpus)


def priority(function: Callable[[Any], float], constant: float) -> Callable[[Any], float] | float:
    """Return the priority of a rule: a function of the job's wildcards if Snakemake takes one, else a constant."""
    return function if versions.is_installed("snakemake", *VERSIONS) else constant
