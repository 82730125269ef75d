"""Give every rule a log and a benchmark, whose paths follow from the rule's name and wildcards.

Reason: Snakemake has no default for `log:` and `benchmark:`. Every rule would repeat both, and their paths with them.

Written for: Snakemake 9.27, in which the log and the benchmark of a rule can be set after the rule is defined.

Fallback: with any other version, rules have only the logs and benchmarks that they name themselves. The output of all
other jobs is in the output of Snakemake.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from embedding_shift.compat import versions

VERSIONS = ("9.27",)
FOLDERS = ("dataset", "model")


def path_of(rule: str, wildcards: Collection[str]) -> str:
    """Return the path of a rule's log or benchmark, without folder and suffix.

    Args:
        rule: name of the rule.
        wildcards: names of its wildcards. Dataset and model come before the rule's name, other wildcards after it:
            `{dataset}/{model}/encode_views/{shard}`. A rule that concerns a model but no dataset is the exception:
            `prepare_bundle/{model}`.
    """
    before = [name for name in FOLDERS if name in wildcards] if "dataset" in wildcards else []
    after = sorted(set(wildcards) - set(before))
    return "/".join([*(f"{{{name}}}" for name in before), rule, *(f"{{{name}}}" for name in after)])


def add(workflow: Any, folder: str | Path) -> None:
    """Give the rules in the files of a folder a log, and a benchmark if they run as jobs of their own.

    A rule without outputs gets neither, and a rule that names its own log or benchmark keeps it.

    Args:
        workflow: Snakemake's object of that name, after it read these rules.
        folder: folder of the files with the rules.
    """
    if not versions.is_installed("snakemake", *VERSIONS):
        return
    for rule in workflow.rules:
        if Path(rule.snakefile).parent != Path(folder) or not rule.output:
            continue
        path = path_of(rule.name, rule.wildcard_names)
        if not rule.log:
            rule.log_modifier = workflow.modifier.path_modifier
            rule.set_log(f"logs/{path}.log")
        if not rule.benchmark and not rule.ruleinfo.localrule:
            rule.benchmark_modifier = workflow.modifier.path_modifier
            rule.benchmark = f"benchmarks/{path}.tsv"
