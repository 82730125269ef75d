"""The paper's numbers, tables and typesetting, with the LaTeX that is installed."""

import json
import os
import shutil

import matplotlib.pyplot as plt
import pandas as pd
import pytest
import scipy.stats
from paper_run import read, sentences_of, write_results
from typesetting import needs_latex, run, small_paper

from embedding_shift.claims import table, verdicts
from embedding_shift.errors import InputError
from embedding_shift.io import tables
from embedding_shift.metrics import registry
from embedding_shift.paper import build, number_macros
from embedding_shift.paper.tables import layout, result_tables, source_tables
from embedding_shift.statistics import paired_tests


def test_the_numbers_name_the_extremes_and_count_the_images(tmp_path):
    inputs = read(write_results(tmp_path, ["Near", "Far", "Further"], 4, ["broken"]))
    values = dict(number_macros.numbers(inputs))
    assert values["num", "images"] == "4"
    assert values["num", "views"] == "16"
    assert values["num", "rejected_images"] == "1"
    assert values["largest", "shift", "augmentation"] == "Further"
    assert values["smallest", "shift", "augmentation"] == "Near"
    assert values["largest", "shift", "value"] == "0.8750"
    assert values["mean", "cosine_similarity", "augmentation_1"] == "0.9375"
    assert values["distance", "augmentation_0", "and", "augmentation_2"] == "0.2500"


def test_augmentations_are_ranked_by_shift_and_undefined_means_are_left_out(tmp_path):
    means = {0: 0.5, 1: 0.9, 2: float("nan"), 3: 0.1}
    arguments = write_results(tmp_path, list("ABCD"), 3, value=lambda place, metric: means[place])
    results = read(arguments).main
    assert results.ranked("cosine_similarity") == ["augmentation_3", "augmentation_0", "augmentation_1"]
    assert results.ranked("l2_distance") == ["augmentation_1", "augmentation_0", "augmentation_3"]
    assert "n/a" in result_tables.overview(results)


def test_agreement_is_spearmans_coefficient(tmp_path):
    cosine, edges = [0.9, 0.2, 0.5, 0.7, 0.5], [0.4, 0.1, 0.8, 0.8, 0.3]
    arguments = write_results(
        tmp_path,
        list("ABCDE"),
        3,
        value=lambda place, metric: cosine[place] if metric.name == "cosine_similarity" else edges[place],
    )
    table = result_tables.agreement(read(arguments).main)
    expected = scipy.stats.spearmanr(cosine, edges).statistic
    assert f"Edge preservation & closer & {expected:.4f}" in table


def test_agreement_of_two_augmentations_is_not_stated(tmp_path):
    table = result_tables.agreement(read(write_results(tmp_path, ["A", "B"], 3)).main)
    assert "Edge preservation & closer & n/a" in table


def test_every_claim_has_its_verdict_and_the_counts_add_up(tmp_path):
    inputs = read(write_results(tmp_path, ["A", "B"], 3))
    table = result_tables.claims(inputs)
    assert "Noise shifts the embedding more than any other augmentation. & section 4 & supported & 0.2500" in table
    assert table.count(r"{not tested (this run lacks it \& has 50 \% of that)} & Table") == 1
    values = dict(number_macros.numbers(inputs))
    counts = [int(values["num_claims", verdict]) for verdict in verdicts.VERDICTS]
    assert counts == [4, 3, 2, 1]
    assert sum(counts) == len(inputs.published_claims.claims) == table.count("section 4") + table.count("abstract")


def test_whether_a_claim_was_tested_is_decided_alike_in_readme_paper_and_numbers(tmp_path):
    """A claim without an interval was not tested, whatever its n; one whose effect and bounds are 0 was."""
    arguments = write_results(tmp_path, ["A", "B"], 3)
    published = read(arguments).published_claims
    zero = verdicts.tested(verdicts.Interval(0.0, 0.0, 0.0), 3)
    judged = {claim.id: zero for claim in published.claims} | {
        published.claims[0].id: verdicts.untested("no metric"),
        published.claims[1].id: verdicts.untested("too few images", 3),
    }
    tables.write_csv(tmp_path / "claims.csv", verdicts.as_table(judged))
    inputs = read(arguments)
    tested = len(judged) - 2
    paper, readme = result_tables.claims(inputs), table.markdown(table.joined(published, inputs.claims))
    assert paper.count("{not tested (") == readme.count("| not tested (") == 2
    assert paper.count("& not resolved & 0.0000 & [0.0000, 0.0000]") == tested
    assert readme.count("| not resolved | 0 (0 to 0) | 3 |") == tested
    assert [line.endswith("| – | 0 |") for line in readme.splitlines()[2:]].index(True) == 0
    values = dict(number_macros.numbers(inputs))
    assert [int(values["num_claims", verdict]) for verdict in verdicts.VERDICTS] == [0, 0, tested, 2]


def test_a_verdict_on_an_unknown_claim_is_refused(tmp_path):
    inputs = read(write_results(tmp_path, ["A"], 3))
    inputs.claims["absent"] = inputs.claims.pop("noise-shifts-most")
    with pytest.raises(InputError, match="'absent', which the claims file does not have"):
        result_tables.claims(inputs)


def test_what_no_test_was_made_of_is_not_given_a_value(tmp_path):
    frame = pd.DataFrame(
        [("cosine_similarity", n, k, 0.0, 1.0, 0.0) for n, k in ((5, 2), (1, 3), (5, 3))],
        columns=paired_tests.FRIEDMAN_COLUMNS,
    )
    rows = [line for line in result_tables.friedman(frame).splitlines() if line.startswith("Cosine")]
    assert [row.count("n/a") for row in rows] == [3, 3, 0]
    inputs = read(write_results(tmp_path, ["A", "B"], 3))
    inputs.paired_differences["images_needed"] = 0
    assert "n/a" in result_tables.neighbours(inputs)


def test_a_long_label_beside_several_rows_has_a_line_in_each(tmp_path):
    table = result_tables.summary(read(write_results(tmp_path, ["A label that is longer than one line"], 3)).main)
    assert "A label that is & Cosine similarity &" in table
    assert "longer than one line & L2 distance &" in table
    assert layout.lines_for_rows("one two three " * 4, 2) == [
        "one two three one",
        "two three one two three one two three",
    ]
    assert layout.lines_for_rows("Noise", 1) == ["Noise"]


def test_neighbours_follow_the_ranking(tmp_path):
    table = result_tables.neighbours(read(write_results(tmp_path, ["A", "B", "C"], 3)))
    assert "A $-$ B & $-$0.1250 & [$-$0.5000, 0.2500] & $-$0.2000 & 0.0300 & 13{,}000" in table
    assert table.index("B $-$ C") < table.index("A $-$ B")
    assert "more than 100{,}000" in table


def test_parameters_are_written_out():
    row = {"label": "Warp", "transform": "Affine"}
    row["parameters"] = json.dumps({"rotate": [-15, 15], "shift": {"x": [0, 0.5]}, "fill": [1, 2, 3], "mode": "a-b"})
    text = result_tables.augmentations([row])
    assert r"rotate \ensuremath{-}15 to 15; shift x 0 to 0.5; fill 1, 2, 3; mode a-b" in text
    row["parameters"] = json.dumps({"references": "/data/my/paintings", "sha256": "0123456789" * 7})
    assert " references paintings; sha256 012345678901 " in result_tables.augmentations([row])
    row |= {"transform": "Blur + Affine", "parameters": json.dumps([{}, {"rotate": [-15, 15]}])}
    text = result_tables.augmentations([row])
    assert r"Warp & \texttt{Blur} & none" in text
    assert r" & \texttt{Affine} & rotate \ensuremath{-}15 to 15" in text and text.count("Warp") == 1


def test_environments_that_disagree_are_refused(tmp_path):
    for name, version in (("one", "1.0"), ("two", "2.0")):
        (tmp_path / f"{name}.yaml").write_text(f"  - pip:\n      - numpy=={version}  # arrays\n      - six==1.0\n")
    assert "numpy & 1.0 & arrays" in source_tables.software([tmp_path / "one.yaml"])
    assert "six" not in source_tables.software([tmp_path / "one.yaml"])
    with pytest.raises(InputError, match=r"two.yaml pins numpy 2.0, another environment 1.0"):
        source_tables.software([tmp_path / "one.yaml", tmp_path / "two.yaml"])


def test_what_is_known_of_the_encoder_is_a_row_each():
    mine = {"label": "mine", "tower": {"image_size": [224, 336], "attention": {"source": "cls_1"}}}
    table = source_tables.encoders({"Mine": mine, "Other_2": {"kind": "wheel"}})
    assert r"tower image size & \texttt{224 x 336}" in table
    assert r"tower attention source & \texttt{cls\_1}" in table
    assert "mine" not in table
    assert table.index(r"\textbf{Mine}") < table.index(r"\textbf{Other\_2}") < table.index(r"kind & \texttt{wheel}")


def test_the_images_of_every_dataset_are_counted(tmp_path):
    inputs = read(write_results(tmp_path, ["A"], 3, rejects=["broken"]))
    assert r"Data \& 50 \% & 3 & 1 \\" in source_tables.datasets(inputs.image_counts)


OWN = registry.Metric(
    "hue", "Hue distance", "pixels", print, higher_is_closer=False, formula=r"\lvert h_o-h_a\rvert", sentence="Of hues."
)


def test_a_metric_of_the_users_makes_no_statement_on_all_metrics_false(tmp_path, monkeypatch):
    monkeypatch.setitem(registry.REGISTRY, "hue", OWN)
    inputs = read(write_results(tmp_path, ["A", "B"], 3))
    found = sentences_of(inputs)
    exception = "except the L2 distance and the hue distance are higher"
    assert exception in found["metric_directions_sentence"]
    assert "for the L2 distance and the hue distance, it is the value itself" in found["shift_by_metric_sentence"]
    assert r"Hue distance & farther & $\lvert h_o-h_a\rvert$ & Of hues." in source_tables.metrics(inputs.main.metrics())


def test_every_metric_of_the_library_has_a_formula_and_a_sentence():
    for metric in registry.in_order():
        assert metric.sentence.endswith(".") and bool(metric.formula) != bool(metric.unregistered)


@pytest.mark.slow
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
    figure.savefig(tmp_path / "a.pdf")
    plt.close(figure)
    arguments = *arguments[:3], [tmp_path / "a.pdf"]
    for name in ("first", "second"):
        build.build(*arguments, tmp_path / f"{name}.pdf")
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
        build.build(*arguments, tmp_path / "out" / "paper.pdf")
    assert "\n" not in str(raised.value)
    assert not list(tmp_path.rglob("*paper.pdf"))


def test_without_latex_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        InputError, match=r"not installed: latexmk, pdflatex,.*install tectonic.*apt-get install latexmk"
    ):
        build.build(*small_paper(tmp_path, "text"), tmp_path / "paper.pdf")
    assert not (tmp_path / "paper.pdf").exists()


needs_latexmk = pytest.mark.skipif(not shutil.which("latexmk"), reason="latexmk is not installed")


@needs_latexmk
def test_latexmk_is_taken_where_it_is_complete(tmp_path):
    folder, *_ = small_paper(
        tmp_path, "text % \\usepackage{absent}", "\\usepackage[a4paper]{geometry}\\usepackage{array,tikz}"
    )
    assert build.program(folder / "main.tex") == build.LATEXMK


@needs_latexmk
def test_tectonic_is_taken_where_latex_lacks_a_package_that_the_paper_names(tmp_path, monkeypatch):
    folder, *_ = small_paper(tmp_path, "text", "\\usepackage{array}\\usepackage[x]{absent, tikz}")
    (tmp_path / "tectonic").write_text("#!/bin/sh\n")
    (tmp_path / "tectonic").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert build.program(folder / "main.tex") == build.TECTONIC
    (tmp_path / "tectonic").unlink()
    with pytest.raises(
        InputError, match=r"LaTeX is incomplete, these are not installed: absent\.sty; install tectonic"
    ):
        build.program(folder / "main.tex")


def test_a_missing_source_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "program", lambda source: ["true"])
    folder, numbers, _, _ = small_paper(tmp_path, "text")
    with pytest.raises(InputError, match=f"there is no file {tmp_path / 'absent.tex'}"):
        build.build(folder, tmp_path / "absent.tex", [], [], tmp_path / "paper.pdf")
    with pytest.raises(InputError, match=f"there is no file {tmp_path / 'absent.pdf'}"):
        build.build(folder, numbers, [], [tmp_path / "absent.pdf"], tmp_path / "paper.pdf")
    with pytest.raises(InputError, match=r"there is no file .*main\.tex"):
        build.build(tmp_path / "nowhere", numbers, [], [], tmp_path / "paper.pdf")


def test_values_that_are_not_defined_are_counted(tmp_path):
    exclusions = [
        {"image_id": f"i{place % 2}", "augmentation": "a", "metric": metric, "reason": "no texture & 50 %"}
        for place, metric in enumerate(["detail_preservation"] * 3 + ["cosine_similarity"])
    ]
    table = source_tables.exclusions(read(write_results(tmp_path, ["A"], 4, exclusions=exclusions)))
    assert r"Detail preservation & no texture \& 50 \% & 3" in table
    assert table.index("Cosine similarity &") < table.index("Detail preservation &")
