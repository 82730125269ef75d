"""The workflow runs from any folder, and as a module of another workflow, with the same results."""

import hashlib
import subprocess
import sys

import pandas as pd
import pytest
import yaml
from pipeline import ENVIRONMENT, PROJECT
from tiny_run import CONFIG, FEW, RESULTS, tiny_config

from embedding_shift.compat import snakemake_locks

pytestmark = pytest.mark.slow
STORED = [
    *(f"results/tiny/views/{view}/00000.tar" for view in ("original", *FEW)),
    *(f"{RESULTS}/encoded/{view}/00000.npz" for view in ("original", *FEW)),
]
OUTER = """
configfile: "shift.yaml"

module shift:
    snakefile: {snakefile!r}
    config: config

use rule * from shift as shift_*

onstart:
    shift.onstart()

rule size_of_table:
    input: {metrics!r}
    output: "size.txt"
    default_target: True
    shell: "wc -c < {{input:q}} > {{output:q}}"
"""


@pytest.fixture
def project(prepared, tmp_path):
    """The project with the few augmentations, whose images and bundle lie beside its Snakefile."""
    pipeline = prepared.copy(tmp_path / "project")
    pipeline.config = tiny_config(augmentations={name: CONFIG["augmentations"][name] for name in FEW})
    return pipeline


def snakemake(folder, *arguments):
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output[-5000:]
    return output


def digests(folder):
    return {path: hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in STORED}


def test_from_another_folder_up_to_the_paper(project, finished, tmp_path):
    """With a study of a list of transforms, of which the second takes its colours from other photographs."""
    references = {"references": str(PROJECT / "resources/kodak/images")}
    colours = {"transform": "HistogramMatchingFromFolder", "parameters": references, "probability": 0.9}
    augmentations = project.config["augmentations"] | {"policy": {"transform": [{"transform": "Transpose"}, colours]}}
    project.config = project.config | {"augmentations": augmentations, "study": {"images": 2, "draws": 2, "doses": [1]}}
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    snakemake(tmp_path, "--snakefile", project / "Snakefile", "--directory", elsewhere)
    assert digests(elsewhere) == digests(finished.folder)
    assert (elsewhere / "results/paper.pdf").read_bytes().startswith(b"%PDF-")
    assert not (project / "results").exists()
    steps = pd.read_csv(elsewhere / RESULTS / "steps.csv")
    added = steps[(steps["metric"] == "l2_distance") & (steps["contribution"] == "added")]
    study = pd.read_parquet(elsewhere / RESULTS / "study/metrics.parquet").query("augmentation == 'policy'")
    whole = study[(study["metric"] == "l2_distance") & (study["variant"] == "draw-0")]["value"].mean()
    assert list(added["n"]) == [2, 2] and added["mean"].sum() == pytest.approx(whole) and whole > 0
    assert (elsewhere / RESULTS / "figures/steps.pdf").exists()
    again = snakemake(elsewhere, "--snakefile", project / "Snakefile", "--dry-run")
    assert "Nothing to be done" in again


def test_as_a_module_of_another_workflow(project, finished, tmp_path):
    outer = tmp_path / "outer"
    outer.mkdir()
    (outer / "shift.yaml").write_text(yaml.safe_dump(project.config))
    (outer / "Snakefile").write_text(
        OUTER.format(snakefile=str(project / "Snakefile"), metrics=f"{RESULTS}/metrics.parquet")
    )
    snakemake(outer)
    assert digests(outer) == digests(finished.folder)
    assert int((outer / "size.txt").read_text()) > 0
    assert (outer / ".snakemake" / snakemake_locks.RUN).exists()  # What the module does at the start was done.
    assert not (project / "results").exists()
