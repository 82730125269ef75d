"""The whole pipeline on a few photographs: what it makes, what it makes anew, and what it makes of bad input."""

import json
import random
import re
import runpy
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from faulty_runs import Run
from paper_run import needs_latex
from pipeline import ENVIRONMENT, PROJECT
from rocrate.rocrate import ROCrate
from tiny_run import CONFIG, FEW, NINE, PHOTOGRAPHS, RESULTS, ROWS, tiny_config, write_data

from embedding_shift import results
from embedding_shift.handover import capsule
from embedding_shift.io import shards, tables
from embedding_shift.paper import build
from embedding_shift.provenance import consistency, crate, macros, verify, why

pytestmark = pytest.mark.slow


def views(pipeline, augmentation):
    """{image id: (pixels, record)} of all shards."""
    found = {}
    for path in sorted((pipeline / f"results/tiny/views/{augmentation}").glob("*.tar")):
        found |= {view.image_id: (view.pixels.tobytes(), view.record) for view in shards.read(path)}
    return found


def test_everything_is_there(finished):
    for table in ("metrics.parquet", "summary.csv", "pairwise_distance.csv"):
        assert (finished / RESULTS / table).stat().st_size
    assert (finished / "results/paper.pdf").read_bytes().startswith(b"%PDF-")
    assert (finished / "results/numbers.tex").stat().st_size
    for name in ("attention_samples", "metric_heatmap", "radar", "attention_grid_1", "method"):
        assert (finished / f"{RESULTS}/figures/{name}.pdf").read_bytes().startswith(b"%PDF-")
        assert (finished / f"{RESULTS}/figures/{name}.png").read_bytes().startswith(b"\x89PNG")


def test_the_contract_holds(finished):
    manifest = pd.read_csv(finished / "results/tiny/manifest.csv")
    assert list(manifest) == ["image_id", "path", "sha256", "width", "height", "caption", "source", "converted"]
    assert tuple(manifest["image_id"]) == PHOTOGRAPHS
    metrics = pd.read_parquet(finished / RESULTS / "metrics.parquet")
    assert list(metrics) == ["image_id", "augmentation", "metric", "value"]
    assert list(metrics["augmentation"].unique()) == NINE
    for augmentation in NINE:
        own = metrics[(metrics["augmentation"] == augmentation) & (metrics["metric"] == "cosine_similarity")]
        assert tuple(own["image_id"]) == PHOTOGRAPHS
    summary = pd.read_csv(finished / RESULTS / "summary.csv")
    assert list(summary) == ["augmentation", "metric", "n", "mean", "std", "ci_low", "ci_high"]
    assert (summary["n"] == 4).all()
    distance = pd.read_csv(finished / RESULTS / "pairwise_distance.csv", index_col=0)
    assert list(distance) == list(distance.index) == NINE
    for view in ("original", *NINE):
        embeddings = np.load(finished / f"{RESULTS}/embeddings/{view}.npz")
        assert tuple(embeddings["image_id"]) == PHOTOGRAPHS
        assert (embeddings["embedding"].shape, embeddings["embedding"].dtype) == ((4, 32), np.float32)
        attention = np.load(finished / f"{RESULTS}/attention/{view}.npz")
        assert tuple(attention["image_id"]) == PHOTOGRAPHS
        assert (attention["attention"].shape, attention["attention"].dtype) == ((4, 4, 7, 7), np.float32)
        assert tuple(views(finished, view)) == PHOTOGRAPHS


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


def test_bad_images_are_rejected_with_their_reason_and_the_run_goes_on(finished):
    rejects = {row["image_id"]: row for row in tables.read_rows(finished / "results/tiny/rejects.csv")}
    assert list(rejects) == ["cut", "repeated", "words"]
    assert rejects["repeated"]["reason"] == "same pixels as kodim02"
    assert rejects["cut"]["reason"].startswith("damaged image: ")
    assert rejects["words"] == {
        "image_id": "words",
        "path": "data/words.jpg",
        "reason": "not an image in a known format",
        "files": "1",
    }


def test_shards_cores_and_order_change_nothing(finished, unrun):
    """Three shards, two of them encoded together, one core, a shuffled table, and one augmentation instead of nine."""
    pipeline = unrun
    few = {name: CONFIG["augmentations"][name] for name in FEW}
    pipeline.config = tiny_config(shards=3, encode_shards_per_job=2, augmentations=few)
    write_data(pipeline, random.Random(1).sample(ROWS, len(ROWS)))
    done = pipeline.run(f"{RESULTS}/metrics.parquet", cores=1)
    assert done.returncode == 0, done.stdout[-5000:]
    for table in ("manifest", "rejects"):
        one, other = (run / f"results/tiny/{table}.csv" for run in (pipeline, finished))
        assert one.read_bytes() == other.read_bytes()
    for view in ("original", *FEW):
        assert views(pipeline, view) == views(finished, view)
    expected = pd.read_parquet(finished / RESULTS / "metrics.parquet")
    expected = expected[expected["augmentation"].isin(FEW)].reset_index(drop=True)
    found = pd.read_parquet(pipeline / RESULTS / "metrics.parquet")
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_a_second_run_has_nothing_to_do(again):
    done = again.run()
    assert done.returncode == 0
    assert "Nothing to be done" in done.stdout


def test_encoding_jobs_say_what_they_used(finished):
    (used,) = pd.read_table(finished / "benchmarks/tiny/clip/encode_views/00000.tsv").to_dict("records")
    assert used["s"] > 0.1 and 100 < used["max_rss"] < 4000


def test_the_explorer_is_written_from_a_finished_run(again):
    page = again / "results/explorer.html"
    done = again.run(str(page.relative_to(again.folder)))
    assert done.returncode == 0, done.stdout[-5000:]
    content = json.loads(page.read_text().partition('id="data">')[2].partition("</script>")[0])
    (dataset,) = content["datasets"]
    assert (dataset["label"], dataset["total"]) == ("Four {4} photographs", 4)
    assert content["models"] == [{"name": "clip", "label": "A small {random} CLIP"}]
    places = {image["image_id"]: place for place, image in enumerate(dataset["images"])}
    found = content["pairs"]["tiny/clip"]["values"]
    for row in pd.read_parquet(again / RESULTS / "metrics.parquet").to_dict("records"):
        assert found[row["augmentation"]][row["metric"]][places[row["image_id"]]] == row["value"]


def append_comment(path):
    path.write_text(path.read_text() + "\n# changed\n")


def test_a_figures_code_concerns_the_figure_and_the_paper_alone(again):
    append_comment(again / "scripts/embedding_shift/plots/summary/radar.py")
    planned = again.planned()
    once = ("plot_radar", "record_run", "build_paper", "copy_paper", "write_results_page", "all")
    assert planned == dict.fromkeys(once, 1)


def test_a_metric_of_ones_own_reaches_tables_and_figures(again):
    page = (PROJECT / "docs/extend.md").read_text()
    (code,) = re.findall(r"^```python\n(@registry.*?)^```", page, re.MULTILINE | re.DOTALL)
    module = again / "scripts/embedding_shift/metrics/pixel_metrics.py"
    module.write_text(f"{module.read_text()}\n\n{code}")
    done = again.run(f"{RESULTS}/summary.csv", f"{RESULTS}/figures/metric_heatmap.pdf", "results/tables/summary.tex")
    assert done.returncode == 0, done.stdout
    summary = pd.read_csv(again / RESULTS / "summary.csv").set_index(["metric", "augmentation"])["mean"]
    assert set(summary["colour_distance"].index) == set(NINE)
    assert summary["colour_distance", "horizontal_flip"] == pytest.approx(0)
    assert summary["colour_distance", "brightness_contrast"] > 0.01
    assert "Colour distance" in (again / "results/tables/summary.tex").read_text()


def test_a_result_that_is_newer_than_what_was_made_from_it_is_followed(again):
    (again / RESULTS / "embeddings/blur.npz").touch()
    (again / RESULTS / "representation_metrics/blur/00000.npz").touch()
    planned = again.planned()
    assert {"compute_metrics", "compute_pairwise_distance", "build_paper"} <= set(planned)
    assert not {"augment_views", "encode_views", "merge_encoded", "compute_pixel_metrics"} & set(planned)


def test_one_augmentations_parameter_concerns_what_follows_it_alone(again):
    """Also while `describe_augmentations` is to run, which lists the parameters of all of them."""
    config = again.config
    config["augmentations"]["blur"]["parameters"]["blur_limit"] = [5, 7]
    again.config = config
    planned = again.planned()
    once = ("augment_views", "encode_views", "compute_pixel_metrics")
    assert {rule: planned.get(rule) for rule in once} == dict.fromkeys(once, 1)
    assert {"compute_metrics", "compute_pairwise_distance", "summarise_metrics", "plot_radar", "build_paper"} <= set(
        planned
    )
    assert not {"list_images", "ingest_images", "write_manifest", "pack_originals", "prepare_bundle"} & set(planned)


def test_what_a_run_keeps_does_not_grow_with_its_jobs(unrun):
    """Snakemake by itself would begin another thread, for good, with each of these 23 jobs that ends."""
    run = Run(unrun, [f"results/tiny/pixel_metrics/{augmentation}/00000.npz" for augmentation in NINE])
    assert run.most_threads() < 12
    assert run.ends() == 0, run.output[-5000:]


def test_a_missing_figure_is_drawn_from_tables(again):
    Path(again / f"{RESULTS}/figures/radar.pdf").unlink()
    assert set(again.planned()) == {"plot_radar", "build_paper", "copy_paper", "write_results_page", "all"}


@needs_latex
def test_a_failed_typesetting_leaves_the_earlier_paper(again):
    source, paper = again / "paper/main.tex", again / "results/paper.pdf"
    text, earlier = source.read_text(), paper.read_bytes()
    source.write_text(text.replace("\\begin{document}", "\\begin{document}\\unknowncommand"))
    for _ in range(2):
        done = again.run()
        assert done.returncode != 0
        assert "Undefined control sequence" in done.stdout
        assert paper.read_bytes() == earlier
    source.write_text(text)
    assert again.run().returncode == 0
    assert paper.read_bytes() == earlier
    assert again.planned() == {}


def test_a_wrong_augmentation_is_told_and_leaves_nothing(unrun):
    unrun.config = tiny_config(augmentations={"noise": {"transform": "GaussNoise", "parameters": {"sigma": 1}}})
    done = unrun.run("results/tiny/views/noise/00000.tar")
    assert done.returncode != 0
    message = "error: augmentation 'noise': unknown argument 'sigma' of GaussNoise; allowed are std_range, mean_range"
    assert message in done.stdout
    assert "Traceback" not in done.stdout
    assert not list((unrun / "results").glob("tiny/views/noise/*"))


def test_a_table_with_a_duplicate_id_stops_the_run(unrun):
    write_data(unrun, [("one", "kodim02.png"), ("one", "kodim04.png")])
    done = unrun.run("results/tiny/manifest.csv")
    assert done.returncode != 0
    assert (
        "error: data/images.csv: image id 'one' occurs twice, for data/kodim02.png and data/kodim04.png" in done.stdout
    )
    assert "Traceback" not in done.stdout
    assert not list((unrun / "results").rglob("*.csv"))


def test_a_damaged_shard_is_told_deleted_and_made_anew(again):
    """A flipped byte, found when the shard is read again, as after a change of the code that reads it."""
    path = again / "results/tiny/views/blur/00000.tar"
    whole = path.read_bytes()
    data = bytearray(whole)
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    target = "results/tiny/pixel_metrics/blur/00000.npz"
    done = again.run("--forcerun", "compute_pixel_metrics", "--", target)
    assert done.returncode != 0
    assert "error: results/tiny/views/blur/00000.tar is damaged" in done.stdout
    assert "Traceback" not in done.stdout
    done = again.run(target)
    assert done.returncode == 0, done.stdout[-3000:]
    assert path.read_bytes() == whole
