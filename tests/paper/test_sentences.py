"""The LaTeX sources place whole sentences; the generated ones are true for the run and grammatical for any count."""

import dataclasses
import math
import re
from pathlib import Path

import pandas as pd
import pytest
from attack_tables import write_attack
from mechanism_tables import with_mechanism
from named_tables import named_tables
from paper_run import (
    PROJECT,
    read,
    read_run_with_study,
    sentences_of,
    words_table,
    write_acquisition,
    write_results,
)

from embedding_shift.config.macro_names import macro_name
from embedding_shift.data.reject_reasons import OTHER_SIZE
from embedding_shift.io import tables
from embedding_shift.paper import number_macros, sentences
from embedding_shift.paper.sentences import wording
from embedding_shift.paper.tables import result_tables, source_tables
from embedding_shift.study.tables import step_contributions

PAPER = PROJECT / "paper"
SECTIONS = sorted((PAPER / "sections").glob("*.tex"))
SOURCES = [PAPER / "main.tex", *SECTIONS]


@pytest.fixture
def study(tmp_path):
    return read_run_with_study(tmp_path)


# The LaTeX sources


def test_no_result_is_typed_into_the_text():
    """A decimal in the prose would be a result; the constants of the formulas are the only exception."""
    allowed = {"0.299", "0.587", "0.114", "0.7", "0.996"}
    for path in SECTIONS:
        sizes = r"p\{[\d.]+\\linewidth\}|\\arraystretch\}\{[\d.]+\}|\\fitfigure\[[\d.]+\]"
        text = re.sub(sizes, "", path.read_text())
        assert set(re.findall(r"\d+\.\d+", text)) <= allowed, path.name


# One row of each table of damage.
DAMAGE = {
    "text_damage": {"model": "m", "augmentation": "original", "metric": "top1_flips", "mean": 0.0, "chance": ""},
    "damage_forecast": {"model": "m", "augmentation": "every augmentation", "damage": "top1_flips", "rho": "undefined"},
}
DAMAGE["damage_forecast"] |= {"ci_low": "undefined", "ci_high": "undefined"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_source_line_holds_one_sentence_and_no_part_of_a_conditional_one(path):
    for line in path.read_text().splitlines():
        assert not re.search(r"[a-z)}]\. +[A-Z\\]", line.partition("%")[0]), line
        assert (
            not re.search(r"\S\\with(images|given|study|draws|attention|comparison|encoders)\{", line)
            or "newcommand" in line
        ), line


def test_the_sources_place_every_generated_sentence_and_no_other(study, tmp_path):
    """An unused macro would be a sentence that no reader sees."""
    captions = (PROJECT / "scripts/embedding_shift/paper/tables").glob("*.py")
    text = "".join(path.read_text() for path in (*SOURCES, *captions))
    placed = set(re.findall(r"\\([A-Z]\w+?(?:Sentence|Heading|Discussion))\b", text))
    words = words_table(["augmentation_0"], {"augmentation_0": "a noisy {noun}"})
    damage = {name: pd.DataFrame([row]) for name, row in DAMAGE.items()}
    parts = named_tables(["augmentation_0"])
    paths = write_attack(tmp_path, ["augmentation_0"])[1::2]
    attack = {Path(path).stem: tables.read_csv(path) for path in paths}
    steps = pd.DataFrame(columns=step_contributions.COLUMNS)
    inside = dataclasses.replace(with_mechanism(study, tmp_path), adversarial=attack, steps=steps)
    everything = dataclasses.replace(inside, words=words, named_parts=parts, **damage)
    names = {macro_name(*parts) for parts, _ in sentences.all_sentences(everything)}
    assert placed == names - {"ImageCount", "AugmentationCount"}


# Any run


@pytest.mark.parametrize(
    ("resize", "word", "consequence"),
    [("bilinear", "without an antialiasing filter", "aliasing"), ("antialiased", "An antialiasing filter", "removes")],
)
def test_the_text_names_the_filter_of_the_run(study, resize, word, consequence):
    study.settings["resize"] = resize
    found = sentences_of(study)
    assert word in found["resize_sentence"]
    assert consequence in found["aliasing_sentence"]


@pytest.mark.parametrize(
    ("count", "expected"), [(0, "no image"), (1, "1 image"), (2, "2 images"), (13312, "13{,}312 images")]
)
def test_counts_have_their_plural(count, expected):
    assert wording.counted(count, "image") == expected


def test_parts_of_a_total_and_lists_are_joined():
    assert wording.share_of(0, 1, "pair", "of neighbours") == "0 of 1 pair of neighbours"
    assert wording.share_of(3, 8, "augmentation") == "3 of 8 augmentations"
    assert [wording.joined(list("abc"[:n])) for n in range(4)] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("requested", "sentence"),
    [
        (None, sentences.NOTHING),
        (3, "The configuration requests this number of images."),
        (1000, "The configuration requests 1{,}000 images; only 3 could be used."),
    ],
)
def test_a_shortage_of_images_is_reported(tmp_path, requested, sentence):
    inputs = read(write_results(tmp_path, ["A"], 3))
    inputs.settings["n_images"] = requested
    assert sentences_of(inputs)["requested_images_sentence"] == sentence


@pytest.mark.parametrize(
    ("rejects", "start"),
    [([], "All images were usable"), (["a"], "1 image was left"), (["a", "b"], "2 images were left")],
)
def test_images_that_were_left_out_are_counted(tmp_path, rejects, start):
    assert sentences_of(read(write_results(tmp_path, ["A"], 3, rejects)))["rejected_images_sentence"].startswith(start)


@pytest.mark.parametrize(
    ("rejects", "sentence"),
    [
        (["damaged"], "No two images have the same pixels."),
        (["same pixels as a"], "Images with the same pixels count once; 1 image was left out as a copy."),
        (["same pixels as a"] * 2, "Images with the same pixels count once; 2 images were left out as copies."),
    ],
)
def test_images_with_the_same_pixels_are_counted(tmp_path, rejects, sentence):
    inputs = read(write_results(tmp_path, ["A"], 3, rejects))
    assert sentences_of(inputs)["duplicates_sentence"] == sentence


def test_the_paper_says_where_duplicates_are_kept(tmp_path):
    inputs = read(write_results(tmp_path, ["A"], 3) + write_acquisition(tmp_path, "Data & 50 %"))
    assert sentences_of(inputs)["shared_content_sentence"] == "An image that several URLs give is used once."
    inputs.settings["kept_duplicates"] = ["Data & 50 %"]
    assert sentences_of(inputs)["duplicates_sentence"].startswith("Images with the same pixels are all used")
    assert sentences_of(inputs)["shared_content_sentence"].startswith(r"In Data \& 50 \%, an image that several URLs")


def test_files_that_are_no_images_are_counted_apart(tmp_path):
    rejects = ["damaged", "same pixels as a", "same pixels as b"]
    inputs = read(write_results(tmp_path, ["A"], 3, rejects, others=[("not an image: .txt", 12_000)]))
    assert sentences_of(inputs)["rejected_images_sentence"].startswith("3 images were left")
    table = source_tables.rejects(inputs)
    assert "same pixels as another image & 2" in table
    assert table.index("Used & 3") < table.index("Other files") < table.index("not an image: .txt & 12{,}000")


def test_given_counterparts_are_not_said_to_be_augmented_by_the_run(tmp_path):
    inputs = read(write_results(tmp_path, ["A & B"], 3, rejects=[f"counterpart x: {OTHER_SIZE}{n}" for n in range(2)]))
    inputs.other_files.extend({"reason": "counterpart x: there is no original", "files": "1"} for _ in range(2))
    assert "augmented once" in sentences_of(inputs)["variation_limitation_sentence"]
    assert dict(number_macros.numbers(inputs))["views_given",] == "0"
    inputs.augmentations[0] |= {"transform": "", "parameters": "[]"}
    assert "counterpart" in sentences_of(inputs)["variation_limitation_sentence"]
    assert dict(number_macros.numbers(inputs))["views_given",] == "1"
    assert r"A \& B & not known & made by another program \\" in result_tables.augmentations(inputs.augmentations)
    table = source_tables.rejects(inputs)
    assert "counterpart x: another size than the original & 2" in table
    assert "counterpart x: there is no original & 2" in table


def test_only_the_fast_elastic_transform_is_said_to_be_faster(tmp_path):
    inputs = read(write_results(tmp_path, ["A"], 3))
    for transform, said in (("ElasticTransform", False), ("FastElasticTransform", True)):
        inputs.augmentations[0]["transform"] = transform
        assert ("faster" in sentences_of(inputs)["elastic_sentence"]) == said


def test_augmentations_of_several_transforms_are_named(tmp_path):
    inputs = read(write_results(tmp_path, ["A", "B & C"], 3))
    assert sentences_of(inputs)["several_transforms_sentence"] == sentences.NOTHING
    inputs.augmentations[1] |= {"transform": "Blur + FastElasticTransform", "parameters": "[{}, {}]"}
    found = sentences_of(inputs)
    assert found["several_transforms_sentence"].startswith(
        r"\emph{B \& C} applies several transforms one after the other"
    )
    assert "faster" in found["elastic_sentence"]


def test_the_extremes_are_named_with_their_means_and_intervals(study):
    found = sentences_of(study)
    assert found["shift_sentence"] == (
        r"The embedding shifts most under \emph{C} (mean cosine similarity 0.2500, 95\,\% interval [$-$0.2500, "
        r"0.7500]) and least under \emph{A} (0.8750, [0.3750, 1.375])."
    )
    assert found["attention_sentence"].startswith(r"The attention of the final layer changes most under \emph{C}")
    assert r"the two most distant are \emph{A} and \emph{C} (0.2500)" in found["pair_sentence"]
    assert found["shift_conclusion_sentence"] == r"\emph{C} shifts the embedding most and \emph{A} shifts it least."


@pytest.mark.parametrize("values", [[0.5, math.nan], [math.nan, math.nan]])
def test_no_order_is_claimed_where_fewer_than_two_means_are_defined(tmp_path, values):
    found = sentences_of(read(write_results(tmp_path, ["A", "B"], 3, value=lambda place, metric: values[place])))
    assert found["shift_conclusion_sentence"] == sentences.NOTHING
    expected = "is the only augmentation with a value." if values[0] == 0.5 else "is not defined for any view"
    assert expected in found["shift_sentence"]


def test_the_test_of_one_augmentation_or_of_few_images_separates_nothing(tmp_path):
    inputs = read(write_results(tmp_path, ["A", "B"], 2))
    assert "With 2 images, even the smallest possible" in sentences_of(inputs)["tests_sentence"]
    (tmp_path / "one").mkdir()
    found = sentences_of(read(write_results(tmp_path / "one", ["A"], 30)))
    assert found["tests_sentence"] == "One augmentation alone leaves no pair to test."
    assert found["ranking_takeaway_sentence"] == "One augmentation alone has no ranking."


@pytest.mark.parametrize(
    ("p_values", "sentence"),
    [
        ([0.01, 0.04], "is a strict order: the corrected test separates 2 of 2 pairs"),
        ([0.01, 0.06], "read as groups and not as a strict order: the corrected test separates only 1 of 2 pairs"),
        ([0.06, 0.06], "is not resolved"),
    ],
)
def test_the_ranking_is_as_strict_as_the_test_allows(tmp_path, p_values, sentence):
    inputs = read(write_results(tmp_path, ["A", "B", "C"], 30))
    inputs.paired_differences["p_holm"] = p_values
    assert sentence in sentences_of(inputs)["ranking_takeaway_sentence"]


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        ([], "Every metric has a value for every image under every augmentation."),
        (["a"], r"1 value is not defined, on 1 image; Table~\ref{tab:exclusions} gives the reasons."),
        (["a", "b", "a"], r"3 values are not defined, on 2 images; Table~\ref{tab:exclusions} gives the reasons."),
    ],
)
def test_values_that_are_not_defined_are_counted(tmp_path, images, sentence):
    rows = [{"image_id": name, "augmentation": "a", "metric": "detail_preservation", "reason": "b"} for name in images]
    found = sentences_of(read(write_results(tmp_path, ["A"], 4, exclusions=rows)))
    assert found["exclusions_sentence"] == sentence


def test_one_image_has_no_interval_in_any_text_or_table(tmp_path):
    inputs = read(write_results(tmp_path, ["A", "B"], 1))
    shift = sentences_of(inputs)["shift_sentence"]
    assert "(cosine similarity 0.9375)" in shift and "interval" not in shift
    tables = result_tables.summary(inputs.main), result_tables.ranking(inputs.main), result_tables.neighbours(inputs)
    assert all(
        "n/a (one image)" in table and "[" not in table.split("midrule", 1)[1].replace(r"\\[-6pt]", "")
        for table in tables
    )


def test_metrics_that_are_constant_by_construction_are_named(tmp_path):
    def value(place, metric):
        return 1.0 if place == 0 and metric.name == "edge_preservation_registered" else 0.5 + place / 16

    sentence = sentences_of(read(write_results(tmp_path, ["Warp", "B", "C"], 3, value=value)))
    assert sentence["constant_metrics_sentence"].endswith(": Edge preservation, registered.")
    other = sentences_of(read(write_results(tmp_path, ["A", "B", "C"], 3, value=lambda place, metric: 0.5)))
    assert other["constant_metrics_sentence"] == sentences.NOTHING


def test_the_worst_image_is_compared_with_the_typical_one(tmp_path):
    inputs = read(write_results(tmp_path, ["A", "B & C"], 3))
    frame = inputs.notable_images
    frame.loc[(frame["augmentation"] == "augmentation_1") & (frame["role"] == "worst"), "cosine_similarity"] = -0.5
    sentence = sentences_of(inputs)["notable_images_sentence"]
    assert r"\texttt{i1} is the worst one under 2 of 2 augmentations." in sentence
    assert r"stands out most under \emph{B \& C}, where it shifts the embedding 6.00 times" in sentence
    one_image = read(write_results(tmp_path, ["A"], 1, attention=False))
    assert sentences_of(one_image)["notable_images_sentence"].endswith("shows the only image under every augmentation.")
    assert "attention" not in sentences_of(one_image)["notable_images_caption_sentence"]
