"""What is done with a finished run: it is read, traced, compared, and packed for others."""

import re
import runpy
import subprocess
import sys
import tarfile
from pathlib import Path

import pandas as pd
import pytest
from pipeline import ENVIRONMENT, PROJECT
from rocrate.rocrate import ROCrate
from tiny_run import PHOTOGRAPHS, RESULTS
from typesetting import needs_latex

from embedding_shift import results
from embedding_shift.handover import capsule
from embedding_shift.paper import build
from embedding_shift.provenance import consistency, crate, macros, verify, why

pytestmark = pytest.mark.slow


def test_the_results_are_read_from_python_as_documented(finished, monkeypatch, capsys):
    (code,) = re.findall(r"^```python\n(.*?)^```", (PROJECT / "docs/handover.md").read_text(), re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(finished.folder)
    found = {}
    exec(code, found)
    assert capsys.readouterr().out.startswith(f"{found['run'].record.run_id} ['tiny'] ['clip']\n")
    assert tuple(found["noise"].sort_index().index) == PHOTOGRAPHS
    assert found["view"].pixels.shape == (224, 224, 3)
    assert found["embeddings"].shape == (4, 32)
    summary = found["shift"].summary.set_index(["augmentation", "metric"])["mean"]
    assert found["noise"].mean() == pytest.approx(summary["noise", "cosine_similarity"])


def test_every_number_is_traced_and_agrees(finished, monkeypatch, capsys):
    run = results.read(finished / "results")
    assert consistency.disagreements(run) == []
    numbers = macros.Numbers(run)
    cells, others = {}, []
    for name, macro in numbers.computed.items():
        # Of each kind of cell one, because `disagreements` computes all of them again.
        if macro.parts[0] in (*why.STATISTICS, "distance"):
            cells[macro.parts[0]] = name
        else:
            others.append(name)
    assert len(cells) == 6 and len(others) > 90
    for name in (*cells.values(), *others):
        answer = why.number(numbers, name)
        assert answer.agrees, name
        assert any(line.startswith(("table ", "settings ")) for line in answer.lines), name
    monkeypatch.chdir(finished.folder)
    asked = {
        ("--table", "summary.csv", "--row", "noise cosine_similarity"): "again",
        ("--table", "claims.csv", "--row", "noise-shifts-most"): "rule judge_claims",
        ("--image", "kodim04", "--augmentation", "blur"): "results/tiny/views/blur/00000.tar",
    }
    for words, expected in asked.items():
        monkeypatch.setattr(sys, "argv", ["why.py", *words])
        runpy.run_path(str(finished / "scripts/why.py"), run_name="__main__")
        assert expected in capsys.readouterr().out


def test_a_table_that_was_edited_is_named(again):
    path = again / RESULTS / "summary.csv"
    table = pd.read_csv(path)
    table.loc[0, "mean"] += 0.25
    table.to_csv(path, index=False)
    run = results.read(again / "results")
    found = verify.problems(run, again / "results/paper.pdf")
    assert f"{path} was changed after the run" in found
    assert not any("paper.pdf" in line for line in found)
    assert any(line.startswith("\\MeanCosineSimilarityNoise is ") for line in found)
    assert any(line.startswith(f"{path}, noise cosine_similarity, mean: ") for line in found)
    assert not why.number(macros.Numbers(run), "NoiseCosineMean").agrees


@needs_latex
def test_a_paper_belongs_to_its_results_and_to_no_others(finished, tmp_path):
    run = results.read(finished / "results")
    assert verify.problems(run, finished / "results/paper.pdf") == []
    elsewhere = tmp_path / "main.tex"
    identity = (finished / "results/tables/run.tex").read_text().replace(run.record.run_id, "0" * 16)
    elsewhere.write_text(
        f"\\documentclass{{article}}\\usepackage{{hyperref}}{identity}\\begin{{document}}0.98765\\end{{document}}"
    )
    build.typeset(elsewhere, tmp_path / "other.pdf")
    other = verify.problems(run, tmp_path / "other.pdf")
    assert other == [
        f"{tmp_path / 'other.pdf'} has RunId {'0' * 16}, {run.folder} has {run.record.run_id}",
        f"{tmp_path / 'other.pdf'}, page 1: the results do not give 0.98765",
    ]
    figure = finished / RESULTS / "figures/method.pdf"
    assert "has no metadata of a run" in verify.problems(run, figure)[0]


def test_the_crate_lists_the_files_of_the_run(again):
    run = results.read(again / "results")
    found = ROCrate(crate.write(run, again / "Snakefile").parent)
    listed = {str(entity.id) for entity in found.data_entities}
    assert {"paper.pdf", "run.json", "tiny/manifest.csv", *run.record.files} <= listed
    assert all((again / "results" / name).is_file() for name in listed)
    assert found.mainEntity.id == "workflow/Snakefile"
    (action,) = found.get_by_type("CreateAction")
    assert action.id == f"#run-{run.record.run_id}"
    assert {entity.id for entity in action["object"]} == {"tiny/manifest.csv", "#encoder-clip"}


def test_a_run_compared_with_itself_has_not_changed(finished, tmp_path):
    same = finished / "results"
    command = [sys.executable, finished / "scripts/compare_runs.py", "--results", same, "--against", same]
    command += ["--output-folder", tmp_path, "--fail-on", "significant", "verdict"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    shifts = pd.read_csv(tmp_path / "shifts.csv")
    assert len(shifts) == len(pd.read_csv(finished / RESULTS / "summary.csv"))
    assert (shifts["change"] == 0).all() and not shifts["significant"].any()
    assert not pd.read_csv(tmp_path / "claims.csv")["changed"].any()
    assert (tmp_path / "changes.pdf").read_bytes().startswith(b"%PDF-")


def text_of(pdf):
    """Return the text of a PDF, word by word."""
    return subprocess.run(["pdftotext", pdf, "-"], check=True, capture_output=True, text=True).stdout.split()


@needs_latex
def test_the_source_of_the_paper_compiles_elsewhere(again, tmp_path):
    """With pdfTeX alone: without BibTeX, the bibliography's source and everything of the project."""
    done = again.run("results/paper-source.tar.gz")
    assert done.returncode == 0, done.stdout[-3000:]
    elsewhere = tmp_path / "elsewhere"
    with tarfile.open(again / "results/paper-source.tar.gz") as archive:
        archive.extractall(elsewhere, filter="data")
    (elsewhere / "references.bib").unlink()
    (document,) = [path for path in elsewhere.rglob("*.tex") if "\\documentclass" in path.read_text()]
    for _ in range(3):
        command = ["pdflatex", "-interaction=batchmode", "-halt-on-error", document.name]
        subprocess.run(command, cwd=document.parent, env=ENVIRONMENT | build.FIXED, check=True, capture_output=True)
    assert text_of(elsewhere / "main.pdf") == text_of(again / "results/paper.pdf")


@needs_latex
def test_the_capsule_rebuilds_figures_and_paper_in_an_empty_folder(finished, tmp_path, monkeypatch):
    monkeypatch.chdir(finished.folder)
    plan = finished.run("--dry-run", "--forceall", "--printshellcmds").stdout
    run = results.read("results")
    capsule.pack(run, finished.folder, plan, tmp_path / "capsule.tar.gz")
    empty = tmp_path / "empty"
    with tarfile.open(tmp_path / "capsule.tar.gz") as archive:
        archive.extractall(empty, filter="data")
    assert not (empty / "data").exists() and not list(empty.rglob("*.safetensors"))
    # The packages of the encoder are not there either.
    environment = ENVIRONMENT | {"PYTHONPATH": str(tmp_path / "without")}
    (tmp_path / "without").mkdir()
    for name in ("torch", "open_clip", "albumentations", "snakemake"):
        (tmp_path / f"without/{name}.py").write_text("raise ImportError('not in the capsule')")
    command = [sys.executable, "rebuild.py"]
    done = subprocess.run(command, cwd=empty, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert text_of(empty / "results/paper.pdf") == text_of("results/paper.pdf")
    assert (empty / "results/numbers.tex").read_bytes() == Path("results/numbers.tex").read_bytes()
    drawn = {path.name for path in (finished / RESULTS / "figures").iterdir()}
    assert {path.name for path in (empty / RESULTS / "figures").iterdir()} == drawn
