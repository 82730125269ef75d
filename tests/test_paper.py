"""The paper from tables to PDF, typeset by the LaTeX that is installed."""

import argparse
import json
import re
import shutil
import subprocess
import sys
from itertools import cycle, pairwise
from pathlib import Path

import matplotlib
import pandas as pd
import pytest
import scipy.stats

from embedding_shift import (
    claims,
    claims_ledger,
    comparisons,
    metrics,
    paper,
    paper_inputs,
    paper_numbers,
    paper_tables,
    tables,
)
from embedding_shift.errors import InputError

matplotlib.use("Agg")
import matplotlib.pyplot as plt

PROJECT = Path(__file__).parents[1]
SCRIPTS = PROJECT / "scripts"
ENVIRONMENTS = sorted((PROJECT / "envs").glob("*.yaml"))
NASTY = ["\\", "100 %", "$x_1$", "a & b", "#3", "~^{}", "Ünïcode – × 日本", "[1]*", "--,,\"'`", "\\input{/etc/passwd}"]
SETTINGS = {
    "seed": 7,
    "image_size": 224,
    "bootstrap": {"resamples": 200, "confidence": 0.95},
    "figures": {"attention_samples": 5, "cosine_samples": 50, "attention_grid_pages": 2},
}

TABLES = ["manifest", "rejects", "distance", "claims", "friedman", "paired_differences", "augmentations"]

needs_latex = pytest.mark.skipif(
    not (shutil.which("latexmk") or shutil.which("tectonic")), reason="neither latexmk nor tectonic is installed"
)


def write_results(folder, labels, n_images, rejects=(), models=("m",), value=lambda place, metric: 1 - place / 16):
    """Write the tables of a run with one augmentation per label; return the arguments that name them."""
    names = [f"augmentation_{place}" for place in range(len(labels))]
    summary = [
        (
            name,
            metric.name,
            n_images,
            value(place, metric),
            0.25,
            value(place, metric) - 0.5,
            value(place, metric) + 0.5,
        )
        for place, name in enumerate(names)
        for metric in metrics.in_order()
    ]
    columns = ["augmentation", "metric", "n", "mean", "std", "ci_low", "ci_high"]
    tables.write_csv(folder / "summary.csv", pd.DataFrame(summary, columns=columns))
    distance = pd.DataFrame({name: [abs(i - j) / 8 for i in range(len(names))] for j, name in enumerate(names)})
    distance.insert(0, "augmentation", names)
    tables.write_csv(folder / "distance.csv", distance)
    rows = [
        {"augmentation": name, "label": label, "color": "#000000", "transform": "T_%", "parameters": '{"a_b": [-1, 2]}'}
        for name, label in zip(names, labels, strict=True)
    ]
    tables.write_rows(folder / "augmentations.csv", list(rows[0]), rows)
    write_statistics(folder, names, n_images)
    tables.write_rows(folder / "manifest.csv", ["image_id"], [{"image_id": f"i{n}"} for n in range(n_images)])
    tables.write_rows(folder / "rejects.csv", ["image_id", "path", "reason"], [{"reason": why} for why in rejects])
    (folder / "provenance.json").write_text(json.dumps({"kind": "local-dir", "path": "/a_b/%20#" * 20}))
    return [
        *("--datasets", *["Data & 50 %"] * len(models), "--models", *models),
        *("--summaries", *[str(folder / "summary.csv")] * len(models)),
        *(part for name in TABLES for part in (f"--{name.replace('_', '-')}", str(folder / f"{name}.csv"))),
        *("--ledger", str(PROJECT / "paper" / "claims.yaml")),
        *("--provenance", str(folder / "provenance.json")),
        *("--settings", json.dumps(SETTINGS)),
    ]


def write_statistics(folder, names, n_images):
    """Write the verdicts on the ledger's claims, and the tests of as many augmentations as there are."""
    ids = [claim.id for claim in claims_ledger.read(PROJECT / "paper" / "claims.yaml").claims]
    verdicts = [claims.SUPPORTED, claims.CONTRADICTED, claims.NOT_RESOLVED]
    judged = [(name, verdicts[k % 3], 0.25, -0.5, 0.75, 0 if k == 2 else n_images) for k, name in enumerate(ids)]
    tables.write_csv(folder / "claims.csv", pd.DataFrame(judged, columns=claims.COLUMNS))
    pairs = [
        ("cosine_similarity", first, second, n_images, -0.125, -0.5, 0.25, -0.2, -0.1, 0.01, 0.03, True, needed)
        for (first, second), needed in zip(pairwise(names), cycle([12345, comparisons.MOST]), strict=False)
    ]
    paired = pd.DataFrame(pairs, columns=comparisons.PAIRED_COLUMNS)
    tables.write_csv(folder / "paired_differences.csv", paired)
    tested = [("cosine_similarity", n_images, len(names), 12.5, 1e-7, 0.8)] if pairs else []
    tables.write_csv(folder / "friedman.csv", pd.DataFrame(tested, columns=comparisons.FRIEDMAN_COLUMNS))


def read(arguments):
    parser = argparse.ArgumentParser()
    paper_inputs.add_arguments(parser)
    return paper_inputs.read(parser.parse_args(arguments))


def run(script, *arguments):
    """Run a script as a rule would."""
    command = [sys.executable, str(SCRIPTS / f"{script}.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def draw_figures(folder):
    """Write a small PDF for every figure that the sources of the paper include."""
    sources = "".join(path.read_text() for path in sorted((PROJECT / "paper").rglob("*.tex")))
    names = set(re.findall(r"\\fitfigure\{(\w+)\}", sources))
    pages = range(1, SETTINGS["figures"]["attention_grid_pages"] + 1)
    for name in names | {f"attention_grid_{page}" for page in pages}:
        figure = plt.figure(figsize=(6.3, 2))
        folder.mkdir(exist_ok=True)
        figure.savefig(folder / f"{name}.pdf")
        plt.close(figure)


def small_paper(folder, body, preamble=""):
    """Write a paper of one page; return the arguments of `paper.build` without the output."""
    (folder / "paper").mkdir()
    text = f"\\documentclass{{article}}\n{preamble}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"
    (folder / "paper" / "main.tex").write_text(text)
    (folder / "numbers.tex").write_text("\\newcommand{\\Seed}{1}\n")
    (folder / "figures").mkdir()
    return folder / "paper", folder / "numbers.tex", [], folder / "figures"


@needs_latex
@pytest.mark.parametrize(
    ("labels", "n_images", "rejects", "models"),
    [(NASTY, 24, [*NASTY, "no such file", "no such file"], ["m & n", "~"]), (["Only one"], 1, [], ["m"])],
)
def test_the_whole_paper_is_set_whatever_the_labels(tmp_path, labels, n_images, rejects, models):
    arguments = write_results(tmp_path, labels, n_images, rejects, models)
    assert run("write_numbers", *arguments, "--output", tmp_path / "numbers.tex").stderr == ""
    done = run(
        *("write_paper_tables", *arguments, "--environments", *ENVIRONMENTS, "--output-folder", tmp_path / "tables")
    )
    assert done.stderr == ""
    draw_figures(tmp_path / "figures")
    done = run(
        *("build_paper", "--paper-folder", PROJECT / "paper", "--numbers", tmp_path / "numbers.tex", "--tables"),
        *sorted((tmp_path / "tables").glob("*.tex")),
        *("--figures-folder", tmp_path / "figures", "--output", tmp_path / "paper.pdf"),
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert (tmp_path / "paper.pdf").read_bytes().startswith(b"%PDF")
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", tmp_path / "paper.pdf", "-"], capture_output=True, text=True).stdout
        assert "Data & 50 %" in text and f"n = {n_images}" in text
        assert labels != NASTY or "\\input{/etc/passwd}" in text


def test_every_table_that_the_paper_reads_is_written_and_the_other_way_round(tmp_path):
    inputs = read(write_results(tmp_path, ["A", "B"], 3))
    written = set(paper_tables.all_tables(inputs, ENVIRONMENTS))
    sources = "".join(path.read_text() for path in (PROJECT / "paper").rglob("*.tex"))
    assert set(re.findall(r"\\input\{tables/(\w+)\}", sources)) == written
    rule = (PROJECT / "rules" / "paper.smk").read_text()
    listed = re.search(r"PAPER_TABLES = \[(.*?)\]", rule, re.DOTALL)[1]
    assert set(re.findall(r'"(\w+)"', listed)) == written


def test_no_result_is_typed_into_the_text():
    """A decimal in the prose would be a result; the constants of the formulas are all there is."""
    allowed = {"0.299", "0.587", "0.114", "0.7", "0.996"}
    for path in sorted((PROJECT / "paper" / "sections").glob("*.tex")):
        text = re.sub(r"\\begin\{tikzpicture\}.*?\\end\{tikzpicture\}", "", path.read_text(), flags=re.DOTALL)
        text = re.sub(r"p\{[\d.]+\\linewidth\}|\\arraystretch\}\{[\d.]+\}", "", text)
        assert set(re.findall(r"\d+\.\d+", text)) <= allowed, path.name


def test_the_numbers_name_the_extremes_and_count_the_images(tmp_path):
    inputs = read(write_results(tmp_path, ["Near", "Far", "Further"], 4, ["broken"]))
    values = dict(paper_numbers.numbers(inputs))
    assert values["num", "images"] == "4"
    assert values["num", "views"] == "16"
    assert values["rejected_image_count",] == "1 image"
    assert values["largest", "shift", "augmentation"] == "Further"
    assert values["smallest", "shift", "augmentation"] == "Near"
    assert values["largest", "shift", "value"] == "0.8750"
    assert values["mean", "cosine_similarity", "augmentation_1"] == "0.9375"
    assert values["distance", "augmentation_0", "and", "augmentation_2"] == "0.2500"
    assert r"furthest apart are \emph{Near} and \emph{Further} (0.2500)" in values["pair_sentence",]


def test_augmentations_are_ranked_by_shift_and_undefined_means_are_left_out(tmp_path):
    means = {0: 0.5, 1: 0.9, 2: float("nan"), 3: 0.1}
    arguments = write_results(tmp_path, list("ABCD"), 3, value=lambda place, metric: means[place])
    results = read(arguments).main
    assert results.ranked("cosine_similarity") == ["augmentation_3", "augmentation_0", "augmentation_1"]
    assert results.ranked("l2_distance") == ["augmentation_1", "augmentation_0", "augmentation_3"]
    assert "n/a" in paper_tables.overview(results)


def test_agreement_is_spearmans_coefficient(tmp_path):
    cosine, edges = [0.9, 0.2, 0.5, 0.7, 0.5], [0.4, 0.1, 0.8, 0.8, 0.3]
    arguments = write_results(
        tmp_path,
        list("ABCDE"),
        3,
        value=lambda place, metric: cosine[place] if metric.name == "cosine_similarity" else edges[place],
    )
    table = paper_tables.agreement(read(arguments).main)
    expected = scipy.stats.spearmanr(cosine, edges).statistic
    assert f"Edge preservation & closer & {expected:.4f}" in table


def test_agreement_of_two_augmentations_is_not_stated(tmp_path):
    table = paper_tables.agreement(read(write_results(tmp_path, ["A", "B"], 3)).main)
    assert "Edge preservation & closer & n/a" in table


def test_every_claim_has_its_verdict_and_the_counts_add_up(tmp_path):
    inputs = read(write_results(tmp_path, ["A", "B"], 3))
    table = paper_tables.claims(inputs)
    assert "Noise shifts the embedding more than any other augmentation. & section 4 & supported & 0.2500" in table
    assert table.count("not tested & ") == 1
    values = dict(paper_numbers.numbers(inputs))
    counts = [int(values["num_claims", verdict]) for verdict in ("supported", "contradicted", "not resolved")]
    assert sum(counts) == len(inputs.ledger.claims) == table.count("section 4") + table.count("abstract")


def test_a_verdict_on_an_unknown_claim_is_refused(tmp_path):
    inputs = read(write_results(tmp_path, ["A"], 3))
    inputs.claims[0]["claim"] = "absent"
    with pytest.raises(InputError, match="'absent', which the ledger does not have"):
        paper_tables.claims(inputs)


def test_neighbours_follow_the_ranking(tmp_path):
    table = paper_tables.neighbours(read(write_results(tmp_path, ["A", "B", "C"], 3)))
    assert "A $-$ B & $-$0.1250 & [$-$0.5000, 0.2500] & $-$0.2000 & 0.0300 & 12{,}345" in table
    assert table.index("B $-$ C") < table.index("A $-$ B")
    assert r"$\geq10^9$" in table


def test_parameters_are_written_out():
    row = {"label": "Warp", "transform": "Affine"}
    row["parameters"] = json.dumps({"rotate": [-15, 15], "shift": {"x": [0, 0.5]}, "fill": [1, 2, 3], "mode": "a-b"})
    text = paper_tables.augmentations([row])
    assert r"rotate \ensuremath{-}15 to 15; shift x 0 to 0.5; fill 1, 2, 3; mode a-b" in text


def test_environments_that_disagree_are_refused(tmp_path):
    for name, version in (("one", "1.0"), ("two", "2.0")):
        (tmp_path / f"{name}.yaml").write_text(f"  - pip:\n      - numpy=={version}  # arrays\n      - six==1.0\n")
    assert "numpy & 1.0 & arrays" in paper_tables.software([tmp_path / "one.yaml"])
    assert "six" not in paper_tables.software([tmp_path / "one.yaml"])
    with pytest.raises(InputError, match=r"two.yaml pins numpy 2.0, another environment 1.0"):
        paper_tables.software([tmp_path / "one.yaml", tmp_path / "two.yaml"])


def test_missing_tables_are_named(tmp_path):
    arguments = write_results(tmp_path, ["A"], 1)
    (tmp_path / "distance.csv").unlink()
    done = run("write_numbers", *arguments, "--output", tmp_path / "numbers.tex")
    assert done.returncode == 1
    assert done.stderr == f"error: there is no file {tmp_path / 'distance.csv'}\n"
    assert not (tmp_path / "numbers.tex").exists()


@needs_latex
def test_the_same_sources_give_the_same_bytes(tmp_path):
    body = "\\includegraphics{figures/a}\\today\\cite{key}\\bibliographystyle{plain}\\bibliography{references}"
    trailer = "\\usepackage{graphicx}\\usepackage{iftex}\\ifPDFTeX\\pdftrailerid{}\\fi"
    arguments = small_paper(tmp_path, body, trailer)
    (tmp_path / "paper" / "references.bib").write_text("@misc{key, title={A}, author={B}, year=2000}\n")
    figure = plt.figure()
    figure.savefig(tmp_path / "figures" / "a.pdf")
    plt.close(figure)
    for name in ("first", "second"):
        paper.build(*arguments, tmp_path / f"{name}.pdf")
    assert (tmp_path / "first.pdf").read_bytes() == (tmp_path / "second.pdf").read_bytes()


@needs_latex
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("text\n\n\\unknowncommand", r"main\.tex:6: Undefined control sequence.*\\unknowncommand"),
        ("\\input{tables/absent}", r"main\.tex:4: .*File `tables/absent(\.tex)?' not found"),
        ("\\includegraphics{figures/absent}", r"main\.tex:4: .*File `figures/absent' not found"),
        ("See~\\ref{absent}.", r"Reference `absent' on page 1 undefined on input line 4"),
        ("See~\\cite{absent}.", r"Citation `absent' on page 1 undefined on input line 4"),
        ("\\label{a}\\label{a}\\ref{a}", r"Label `a' multiply defined"),
        ("$x", r"main\.tex:5: Missing \$ inserted"),
    ],
)
def test_what_is_wrong_is_said_and_no_pdf_is_left(tmp_path, body, message):
    arguments = small_paper(tmp_path, body, "\\usepackage{graphicx}")
    with pytest.raises(InputError, match=message) as raised:
        paper.build(*arguments, tmp_path / "out" / "paper.pdf")
    assert "\n" not in str(raised.value)
    assert not list(tmp_path.rglob("*paper.pdf"))


def test_without_latex_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"neither latexmk with pdflatex nor tectonic.*apt-get install latexmk"):
        paper.build(*small_paper(tmp_path, "text"), tmp_path / "paper.pdf")
    assert not (tmp_path / "paper.pdf").exists()


def test_a_missing_source_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(paper, "program", lambda: ["true"])
    folder, _, table_paths, figures = small_paper(tmp_path, "text")
    with pytest.raises(InputError, match=f"there is no file {tmp_path / 'absent.tex'}"):
        paper.build(folder, tmp_path / "absent.tex", table_paths, figures, tmp_path / "paper.pdf")
    with pytest.raises(InputError, match=r"there is no file .*main\.tex"):
        paper.build(tmp_path / "nowhere", tmp_path / "numbers.tex", table_paths, figures, tmp_path / "paper.pdf")
