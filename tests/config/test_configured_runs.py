"""Configurations of a run: a wrong one stops it before the first job, and files are merged in their order."""

import json
import re
import subprocess
import sys

import pytest
import yaml
from configurations import SHIPPED
from pipeline import PROJECT


def snakemake(*arguments):
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)


@pytest.mark.slow
def test_an_invalid_value_stops_the_run_before_the_first_job_with_one_line():
    done = snakemake("--config", "device=gpu")
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if "device" in line]
    assert line == "error: configuration key 'device': found 'gpu'; allowed are auto, cpu, cuda, mps"
    assert "Traceback" not in done.stderr and "\nrule " not in done.stdout


@pytest.mark.slow
def test_a_second_file_is_merged_into_the_first_and_checked_with_it(tmp_path):
    second = tmp_path / "second.yaml"
    second.write_text("augmentations: {noise: null, blur: {parameter: {}}}\n")
    done = snakemake("--configfile", str(second))
    assert done.returncode != 0
    assert "'augmentations.blur': unknown key 'parameter' (did you mean 'parameters'?)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_run_keeps_the_order_of_the_files_and_takes_paths_with_braces(tmp_path):
    table = tmp_path / "table{1}.csv"
    table.write_text("path\na.png\n")
    dataset = {"kind": "csv", "path": str(table), "pin": str(table)}
    second = tmp_path / "second.yaml"
    second.write_text(
        yaml.safe_dump(
            {
                "study": None,
                "primary": {"dataset": "mine"},
                "datasets": {"mine": dataset, "other": dataset},
                "augmentations": {"jpeg": {"transform": "ImageCompression"}, "blur": {"label": "Soft"}},
            }
        )
    )
    targets = ["results/augmentations.csv", "results/mine/manifest.csv", "results/comparison.csv"]
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--forceall", "--printshellcmds"]
    command += ["--directory", str(tmp_path), "--configfile", str(second), "--", *targets]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    described = re.search(r"describe_augmentations\.py --augmentations '(.*?)' --image-size", done.stdout + done.stderr)
    assert list(json.loads(described[1])) == [*SHIPPED["augmentations"], "jpeg"]
    assert done.stdout.count(f"--pin '{table}'") >= 1
    assert "--summaries results/mine/dinov2_vits14/summary.csv" in done.stdout


@pytest.mark.slow
def test_a_file_that_is_not_yaml_is_rejected(tmp_path):
    second = tmp_path / "second.yaml"
    second.write_text("seed: [1\nshards: 2\n")
    done = snakemake("--configfile", str(second))
    assert done.returncode != 0
    message = done.stdout + done.stderr
    assert "not valid JSON or YAML" in message and "Traceback" not in message


def test_no_other_profile_contradicts_the_default_profile():
    """Snakemake reads the default profile in addition to any other, and its values take precedence."""
    profiles = {path.parent.name: yaml.safe_load(path.read_text()) for path in PROJECT.glob("profiles/*/config.yaml")}
    default = profiles.pop("default")
    assert {"slurm", "paper"} <= set(profiles)
    for profile in profiles.values():
        assert {key: default[key] for key in default if key in profile} == {
            key: profile[key] for key in default if key in profile
        }
