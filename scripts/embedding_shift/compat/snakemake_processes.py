"""Tell the process that a user starts from the processes that Snakemake starts for single jobs.

Reason: Snakemake reads the rules again in the process of a job that runs elsewhere or on its own. Such a process
belongs to the run that started it, and has the cores that the run gave it.

Written for: Snakemake 9.27, which keeps this in `workflow.is_main_process`.

Fallback: with any other version, every process counts as one that a user started. Where Snakemake starts jobs in
processes of their own, such a job then encodes with fewer threads than it could.
"""

from typing import Any

from embedding_shift.compat import versions

VERSIONS = ("9.27",)


def is_main_process(workflow: Any) -> bool:
    """Return whether a user started this process.

    Args:
        workflow: Snakemake's object of that name, while it reads the rules or later.
    """
    return not versions.is_installed("snakemake", *VERSIONS) or workflow.is_main_process
