"""The paper as a whole, for runs with and without a study, attention maps, several encoders and fetched images."""

import re

import pandas as pd
import pytest
import yaml
from attack_tables import write_attack
from damage_tables import write_damage
from mechanism_tables import write_mechanism
from named_tables import write_named_parts
from paper_run import (
    NASTY,
    PROJECT,
    SETTINGS,
    read,
    write_acquisition,
    write_encoder_comparison,
    write_precision,
    write_results,
    write_steps,
    write_study,
    write_words,
)
from typesetting import ENVIRONMENTS, build, fullness, needs_latex, needs_pdftotext, pages_of

from embedding_shift.errors import InputError
from embedding_shift.paper.tables import audit_tables, result_tables, source_tables, study_tables
from embedding_shift.study.tables import dose_start

ABSENT = "This run has no study"


def names(labels):
    return [f"augmentation_{place}" for place in range(len(labels))]


@needs_latex
@needs_pdftotext
def test_the_paper_of_a_run_that_has_everything_is_set_whatever_the_labels(tmp_path):
    rejects = [*NASTY, "no such file", "no such file"]
    exclusions = [
        {"image_id": reason, "augmentation": "a", "metric": "detail_preservation", "reason": reason} for reason in NASTY
    ]
    labels = [*NASTY, "A long label that names every transform, and its arguments, and_has_long_words_too"]
    arguments = write_results(tmp_path, labels, 24, rejects, ["m & n", "~"], exclusions=exclusions)
    arguments += write_study(tmp_path, names(labels)) + write_acquisition(tmp_path, "Data & 50 %")
    arguments += write_precision(tmp_path, 99) + write_steps(tmp_path, names(labels)[1:])
    arguments += write_words(tmp_path, names(labels), {"augmentation_0": "a {noun} of 50 % & 犬"})
    arguments += write_attack(tmp_path, names(labels))
    arguments += write_mechanism(tmp_path, read(arguments)) + write_named_parts(tmp_path, names(labels))
    text = build(tmp_path, arguments + write_encoder_comparison(tmp_path))
    assert "Data & 50 %" in text and "n = 24" in text and "\\input{/etc/passwd}" in text
    assert "Размытие" in text and "\N{GRINNING FACE}" in text
    assert ABSENT not in text and "Audit of the released scripts" in text
    assert "100 times smaller for Cosine similarity of CLIP & Co on 50 %" in text
    assert "Attacks" in text and "the attack moves the embedding at" in text
    assert "Steps of a list" in text and "100 % shifts the embedding by 0.875" in text
    assert "404 & 50 %" in text and "11,111" in text and "m & n" in text
    assert "Agreement of two encoders on the ranking" in text
    assert "Parts named by words" in text and "Of 3 heads, 2 are named" in text
    assert "1 augmentation with a prompt of its own, 1 moves the embeddings towards it" in text
    assert f"{len(NASTY)} values are not defined, on {len(NASTY)} images" in text


@needs_latex
@needs_pdftotext
def test_the_paper_of_a_run_that_has_the_least_is_set(tmp_path):
    arguments = write_results(tmp_path, ["Only one"], 1, attention=False)
    arguments += write_named_parts(tmp_path, [], told=False)
    text = build(tmp_path, arguments + write_words(tmp_path, [], {}))
    assert "Parts named by words" not in text and "Steps of a list" not in text
    assert "Projected gradient descent" not in text
    assert "m has no text tower, so its shift is not told in words." in text and "In words" not in text
    assert ABSENT in text and "Audit of the released scripts" not in text
    assert "Every metric has a value for every image" in text
    assert "No attention map is known for m" in text
    assert "neither intervals nor paired tests" in text and "leaves no paired test of augmentations" in text
    assert "Mean rank of each augmentation" not in text and "Kernel density" not in text
    assert "n/a: not applicable, because no attention map of m is known." in text
    assert "attention of the final layer changes most" not in text
    assert "Other encoders and datasets" not in text
    assert "outcome of every URL" not in text and "Encoders compute in single precision." in text


@needs_latex
@needs_pdftotext
def test_the_paper_of_a_study_of_one_augmentation_and_draw_is_set(tmp_path):
    settings = SETTINGS | {"study": SETTINGS["study"] | {"draws": 1}}
    results = write_results(tmp_path, ["Only one"], 1, settings=settings)
    text = build(tmp_path, results + write_study(tmp_path, names("A"), draws=1))
    assert "with one draw per image, the interaction includes the draw" in text
    assert "its values describe this image and these draws alone." in text
    assert "No two augmentations reach a common damage" in text
    assert "has no variance to split" in text
    assert "New draws for the metrics" not in text


@needs_latex
@needs_pdftotext
def test_the_main_text_of_a_run_like_the_default_has_at_most_12_pages(tmp_path):
    """The run has the augmentations, encoders, study, mechanism and damage of config.yaml, and figures of that size."""
    configured = yaml.safe_load((PROJECT / "config.yaml").read_text())
    labels = [entry["label"] for entry in configured["augmentations"].values()]
    models = [entry["label"] for entry in configured["models"].values()]
    settings = SETTINGS | {"mechanism": {"images": 24}}
    arguments = write_results(tmp_path, labels, 24, models=models, settings=settings)
    arguments += write_study(tmp_path, names(labels))
    arguments += write_encoder_comparison(tmp_path) + write_damage(tmp_path, names(labels), models[1])
    build(tmp_path, arguments + write_mechanism(tmp_path, read(arguments)))
    last_words = " ".join((PROJECT / "paper/sections/conclusion.tex").read_text().split()[-4:])
    pages = [number for number, page in enumerate(pages_of(tmp_path / "paper.pdf"), start=1) if last_words in page]
    assert 9 < max(pages) <= 12
    assert min(fullness(tmp_path / "paper.pdf")[:-1]) > 0.6


def test_every_table_that_the_paper_reads_is_written_and_the_other_way_round(tmp_path):
    arguments = write_results(tmp_path, ["A", "B"], 3, models=["m", "n"])
    always = set(result_tables.all_tables(read(arguments), ENVIRONMENTS))
    arguments += write_study(tmp_path, names("AB"))
    with_study = set(result_tables.all_tables(read(arguments), ENVIRONMENTS))
    written = set(result_tables.all_tables(read(arguments + write_encoder_comparison(tmp_path)), ENVIRONMENTS))
    sources = "".join(path.read_text() for path in (PROJECT / "paper").rglob("*.tex"))
    assert set(re.findall(r"\\input\{tables/(\w+)\}", sources)) == written | {"drawn_texts"}
    rule = (PROJECT / "rules" / "paper.smk").read_text()
    listed = {
        name: set(re.findall(r'"(\w+)"', re.search(rf"^{name} = \[(.*?)\]", rule, re.DOTALL | re.MULTILINE)[1]))
        for name in ("PAPER_TABLES", "STUDY_PAPER_TABLES")
    }
    assert listed == {"PAPER_TABLES": always, "STUDY_PAPER_TABLES": with_study - always}
    assert written - with_study == {"rank_agreement", "encoder_differences"}


def test_the_floor_is_a_shift_with_its_bounds_the_right_way_round():
    columns = ["reference", "metric", "mean", "ci_low", "ci_high"]
    rows = [
        ("re-encoding", "cosine_similarity", 1 - 1e-16, 1.0, 1.0),
        ("jpeg_95", "cosine_similarity", 0.75, 0.5, 0.875),
        ("jpeg_95", "l2_distance", 1.5, 1.25, 2.0),
        ("another_photograph", "cosine_similarity", 1 - 2.5e-5, 1 - 5e-5, 1 - 1e-5),
    ]
    table = study_tables.noise_floor(pd.DataFrame(rows, columns=columns), pd.DataFrame(columns=dose_start.COLUMNS), {})
    assert "Cosine similarity & 0 & " in table and "L2 distance & -- & " in table
    assert "0.250" in table and "[0.125, 0.500]" in table
    assert "1.50" in table and "[1.25, 2.00]" in table
    assert r"$2.50\times10^{-5}$" in table and r"[$1.00\times10^{-5}$, $5.00\times10^{-5}$]" in table


def test_the_audit_tells_the_largest_change_and_the_claims_that_change(tmp_path):
    inputs = read(write_results(tmp_path, ["A", "B"], 3) + write_study(tmp_path, names("AB")))
    written = study_tables.all_tables(inputs)
    assert "8-bit arithmetic & Cosine similarity & 0.0312 & B & 0.5000 & 2" in written["audit"]
    assert written["audit_claims"].count("supported & contradicted") == 2
    assert "A & 0.5000 & 0.5000" in written["audit_numbers"]
    inputs.study["audit_claims"].loc[0, "claim"] = "absent"
    with pytest.raises(InputError, match="'absent', which the claims file does not have"):
        study_tables.all_tables(inputs)


def test_no_claim_that_changes_is_said(tmp_path):
    inputs = read(write_results(tmp_path, ["A"], 3) + write_study(tmp_path, names("A")))
    frame = inputs.study["audit_claims"]
    same = frame.assign(as_released=frame["corrected"])
    assert "No claim changes its verdict." in audit_tables.claims(same, inputs.published_claims)


def test_the_acquisition_adds_up(tmp_path):
    arguments = write_results(tmp_path, ["A"], 3)
    table = source_tables.acquisition(read(arguments + write_acquisition(tmp_path, "The web")).acquisitions)
    assert r"\textbf{The web}} & \textbf{11{,}120}" in table
    assert r"dead & 404 \& 50 \% & 11{,}111" in table


def test_encoders_are_named_by_their_labels_where_their_ranks_are_compared(tmp_path):
    arguments = write_results(tmp_path, ["A", "B"], 3, models=["One", "Two"])
    inputs = read(arguments + write_encoder_comparison(tmp_path))
    table = result_tables.all_tables(inputs, ENVIRONMENTS)["rank_agreement"]
    assert "Cosine similarity & One & Two & 3 & 0.5000 & [0.2500, 0.7500] & 0.6250 & [0.3750, 0.8750]" in table
