"""Tell the process that a user starts from the processes that Snakemake starts for single jobs, and where jobs run.

Reason: Snakemake reads the rules again in the process of a job that runs elsewhere or on its own. Such a process
belongs to the run that started it, and has the cores that the run gave it.

Written for: Snakemake 9.27, which keeps this in `workflow.is_main_process`, `workflow.local_exec` and `workflow.dag`.

Fallback: with any other version, every process counts as one that a user started, and no job as one that runs on this
machine. Where Snakemake starts jobs in processes of their own, such a job encodes with fewer threads than it could.
"""

from collections.abc import Collection
from typing import Any

from embedding_shift.compat import versions

VERSIONS = ("9.27",)


def is_main_process(workflow: Any) -> bool:
    """Return whether a user started this process.

    Args:
        workflow: Snakemake's object of that name, while it reads the rules or later.
    """
    return not versions.is_installed("snakemake", *VERSIONS) or workflow.is_main_process


def runs_here(workflow: Any, rules: Collection[str]) -> bool:
    """Return whether this run has a job of one of the rules to do and does it on this machine.

    Args:
        workflow: Snakemake's object of that name, in `onstart`.
        rules: names of the rules.
    """
    if not versions.is_installed("snakemake", *VERSIONS) or not workflow.local_exec:
        return False
    return any(job.rule.name in rules for job in workflow.dag.needrun_jobs())
