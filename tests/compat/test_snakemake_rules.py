"""What the rules read and set in Snakemake's `workflow`, with the known version and with another."""

from types import SimpleNamespace

import pytest

from embedding_shift.compat import snakemake_job_files, snakemake_processes, snakemake_scheduler


@pytest.mark.parametrize(
    ("wildcards", "path"),
    [
        ([], "rule_name"),
        (["model"], "rule_name/{model}"),
        (["dataset"], "{dataset}/rule_name"),
        (["shard", "dataset", "augmentation"], "{dataset}/rule_name/{augmentation}/{shard}"),
        (["view", "model", "dataset"], "{dataset}/{model}/rule_name/{view}"),
    ],
)
def test_dataset_and_model_are_folders_above_the_rule(wildcards, path):
    assert snakemake_job_files.path_of("rule_name", wildcards) == path


def test_rules_stay_as_they_are_with_another_version(monkeypatch):
    monkeypatch.setattr(snakemake_job_files, "VERSIONS", ("0.1",))
    snakemake_job_files.add(SimpleNamespace(), "rules")  # It would raise if it read or set anything.


def test_a_job_in_a_process_of_its_own_is_known(monkeypatch):
    started_by_run = SimpleNamespace(is_main_process=False)
    assert not snakemake_processes.is_main_process(started_by_run)
    monkeypatch.setattr(snakemake_processes, "VERSIONS", ("0.1",))
    assert snakemake_processes.is_main_process(started_by_run)


def test_another_version_gets_a_constant_priority(monkeypatch):
    assert snakemake_scheduler.priority(len, 1) is len
    monkeypatch.setattr(snakemake_scheduler, "VERSIONS", ("0.1",))
    assert snakemake_scheduler.priority(len, 1) == 1
