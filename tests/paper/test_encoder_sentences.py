"""The sentences on encoders: their input, attention, agreement, weights and precision."""

import dataclasses
import math

import pandas as pd
import pytest
from paper_run import read, sentences_of, write_encoder_comparison, write_results

from embedding_shift.paper import sentences
from embedding_shift.paper.tables import comparison_tables

TOWERS = {
    "Same": [224, 224],
    "Large": [336, 336],
    "Small": [112, 112],
    "Wide": [112, 224],
}


@pytest.mark.parametrize(
    ("models", "mode", "sentence"),
    [
        (["Same"], "squash", "The views have the input size of the encoder, so none of them is resized again."),
        (["Same", "Same_2"], "squash", "The views have the input size of every encoder, so none of them"),
        (
            ["Large"],
            "shortest",
            r"For \emph{Large}, each view of $224\times224$ pixels is resized to 336$\times$336 pixels by bicubic "
            "interpolation.",
        ),
        (["Small"], "longest", "interpolation. This averages neighbouring pixels and weakens fine detail and noise."),
        (
            ["Same", "Large", "Large_2"],
            "squash",
            r"The views have the input size of \emph{Same}. For \emph{Large} and \emph{Large\_2}, each view",
        ),
        (["Wide"], "squash", r"is resized to 112$\times$224 pixels by bicubic interpolation. This"),
        (
            ["Wide"],
            "shortest",
            r"is resized to 224$\times$224 pixels by bicubic interpolation and cropped to the central 112$\times$224 "
            r"pixels: the encoder sees 50\,\% of the view, so its attention is not compared.",
        ),
        (
            ["Wide"],
            "longest",
            r"112$\times$112 pixels by bicubic interpolation and padded to 112$\times$224 pixels: a part of the input "
            "is empty, so its attention is not compared.",
        ),
    ],
)
def test_what_happens_to_a_view_before_each_encoder_is_said(tmp_path, models, mode, sentence):
    inputs = read(write_results(tmp_path, ["A"], 3, models=models))
    for model in models:
        tower = inputs.provenances[model]["tower"]
        tower["image_size"] = TOWERS[model.split("_")[0]]
        tower["preprocessing"]["resize_mode"] = mode
    assert sentence in sentences_of(inputs)["encoder_input_sentence"]


def test_encoders_without_an_attention_map_are_named(tmp_path):
    inputs = read(write_results(tmp_path, ["A", "B"], 3, models=["One", "Two & two"]))
    assert sentences_of(inputs)["encoders_without_attention_sentence"] == sentences.NOTHING
    (tmp_path / "without").mkdir()
    without = read(write_results(tmp_path / "without", ["A", "B"], 3, models=["Two & two"], attention=False))
    inputs.results[1:] = without.results
    sentence = sentences_of(inputs)["encoders_without_attention_sentence"]
    assert sentence == r"No attention map is known for Two \& two: the metrics that compare attention do not apply."


def test_agreement_between_encoders_is_reported_where_there_are_several(tmp_path):
    arguments = write_results(tmp_path, ["A", "B"], 3, models=["One", "Two"])
    assert sentences_of(read(arguments))["encoders_takeaway_sentence"] == sentences.NOTHING
    found = sentences_of(read(arguments + write_encoder_comparison(tmp_path)))
    assert found["encoder_differences_sentence"].endswith("difference in cosine similarity in 1 of 2 cases.")
    assert "is 0.5000 (1: the same ranking)" in found["encoders_takeaway_sentence"]
    assert found["same_weights_sentence"] == sentences.NOTHING


def test_encoders_with_the_same_weights_are_named_and_their_agreement_is_not_stated(tmp_path):
    arguments = write_results(tmp_path, ["A", "B"], 3, models=["One & 1", "Two", "Three", "Four", "Five"])
    inputs = read(arguments + write_encoder_comparison(tmp_path, same_weights=True))
    assert "No two encoders with different weights" in sentences_of(inputs)["encoder_differences_sentence"]
    found = sentences_of(inputs)
    assert found["encoders_takeaway_sentence"] == sentences.NOTHING
    assert found["same_weights_sentence"].startswith(r"\emph{One \& 1} and \emph{Two} have the same weights, so")
    assert r"3 & \multicolumn{4}{c}{the same weights}" in comparison_tables.all_tables(inputs)["rank_agreement"]
    pairs = [("One & 1", "Three"), ("One & 1", "Five"), ("Two", "Four"), ("Three", "Five")]
    frame = pd.DataFrame(pairs, columns=["first", "second"]).assign(metric="cosine_similarity", same_weights=True)
    found = sentences_of(dataclasses.replace(inputs, rank_agreement=frame.assign(kendall_tau=math.nan)))
    assert found["same_weights_sentence"].startswith(
        r"\emph{One \& 1}, \emph{Three} and \emph{Five} have the same weights; \emph{Two} and \emph{Four} have the"
    )


@pytest.mark.parametrize(
    ("ratios", "sentence"),
    [
        ([], "Encoders compute in single precision."),
        ([250, 100], "The mean error is at least 100 times smaller throughout."),
        ([250, 99], r"The mean error is less than 100 times smaller for L2 distance of CLIP \& Co on 50 \%"),
    ],
)
def test_errors_of_reduced_precision_are_compared_with_the_smallest_shift(tmp_path, ratios, sentence):
    arguments = write_results(tmp_path, ["A"], 4)
    if ratios:
        metrics = ["cosine_similarity", "l2_distance"]
        pd.DataFrame({"metric": metrics, "ratio": ratios}).to_csv(tmp_path / "precision.csv", index=False)
        arguments += ["--reduced", "CLIP & Co on 50 %", "--precisions", str(tmp_path / "precision.csv")]
    assert sentence in sentences_of(read(arguments))["precision_sentence"]
