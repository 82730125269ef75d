"""The generated sentences on the study: floor and ceiling, equal damage, variance, and the audit."""

import dataclasses
import math

import pandas as pd
import pytest
from paper_run import read_run_with_study, sentences_of

from embedding_shift.claims.verdicts import NOT_TESTED
from embedding_shift.paper import number_macros, sentences


@pytest.fixture
def study(tmp_path):
    return read_run_with_study(tmp_path)


def floor(references):
    rows = [(name, "cosine_similarity", level, 0.0, 1.0) for name, level in references.items()]
    return pd.DataFrame(rows, columns=["reference", "metric", "mean", "ci_low", "ci_high"])


def test_the_study_counts_the_augmentations_beyond_floor_and_ceiling(study):
    study.study["noise_floor"] = floor({"jpeg_95": 0.75, "another_photograph": 0.5})
    numbers, found = dict(number_macros.numbers(study)), sentences_of(study)
    assert numbers["study_done",] == "1" and numbers["num_study_images",] == "3"
    assert (numbers["num", "beyond_floor"], numbers["num", "beyond_ceiling"]) == ("2", "1")
    assert "2 of 3 augmentations shift the embedding further than this JPEG" in found["floor_sentence"]
    assert "1 of 3 augmentations shifts the embedding further than the ceiling" in found["floor_sentence"]
    assert r"a view under \emph{C} is on average less similar" in found["size_takeaway_sentence"]


def test_without_another_photograph_there_is_no_ceiling(study):
    study.study["noise_floor"] = floor({"jpeg_95": 0.75})
    assert dict(number_macros.numbers(study))["num", "beyond_ceiling"] == "n/a"
    found = sentences_of(study)
    assert "has no other photograph, and therefore no ceiling" in found["floor_sentence"]
    assert found["size_takeaway_sentence"] == sentences.NOTHING
    assert "another photograph" not in found["study_abstract_sentence"]


def test_the_ranking_at_equal_damage_is_reported(study):
    found = sentences_of(study)
    assert (
        r"At equal RMSE, the rank of 2 of 3 augmentations changes, and \emph{C} shifts"
        in found["equal_damage_sentence"]
    )
    assert (
        "2 of 3 augmentations at equal RMSE and 2 of 3 augmentations at equal SSIM" in found["dose_takeaway_sentence"]
    )
    same = study.study["equal_damage"].assign(rank=study.study["equal_damage"]["rank_at_setting"])
    study.study["equal_damage"] = same
    assert "does not depend on the configured doses" in sentences_of(study)["dose_takeaway_sentence"]


def test_one_image_has_no_intervals_to_overlap(study):
    assert "The intervals of 2 of 2 pairs" in sentences_of(study)["equal_damage_sentence"]
    study.study["equal_damage"] = study.study["equal_damage"].assign(ci_low=math.nan, ci_high=math.nan)
    assert "intervals" not in sentences_of(study)["equal_damage_sentence"]


def test_a_single_part_of_the_variance_is_not_compared(study):
    frame = study.study["variance"]
    study.study["variance"] = frame[(frame["component"] == "augmentation") & (frame["split"] == "all")]
    assert "only one of these parts can vary" in sentences_of(study)["variance_sentence"]


def test_an_augmentation_that_cannot_do_the_damage_is_named_with_the_reason(study):
    chosen = study.study["equal_doses"] = study.study["equal_doses"].astype({"reason": object})
    chosen.loc[1, "reason"] = "its scale starts above this damage"
    found = sentences_of(study)["equal_damage_sentence"]
    assert r"\emph{B} is left out: its scale starts above this damage. At equal SSIM" in found


def test_scales_that_jump_are_named_with_what_they_do(study):
    sentence = sentences_of(study)["dose_start_sentence"]
    assert r"a vanishing dose of \emph{C} still changes the image, by an RMSE of 0.750 grey levels" in sentence
    assert r"makes up 25.0\,\% (12.5\,\% to 50.0\,\%) of the configured shift of \emph{C}." in sentence
    study.study["dose_start"] = study.study["dose_start"].assign(share_low=math.nan, share_high=math.nan)
    assert r"makes up 25.0\,\% of the configured" in sentences_of(study)["dose_start_sentence"]
    study.study["dose_start"] = study.study["dose_start"].iloc[:0]
    assert sentences_of(study)["dose_start_sentence"] == "In this run, every dose scale starts at the unchanged image."


def test_the_variance_is_split_with_and_without_what_dominates(study):
    sentence = sentences_of(study)["variance_sentence"]
    shares = (
        r"the differences between augmentations make up 75.0\,\% (38 to 88\,\%) and draws of the same augmentation on "
        r"the same image 25.0\,\% (12 to 62\,\%)"
    )
    assert f"By cosine similarity, {shares} of the variance." in sentence
    assert r"\emph{A} alone contribute 50.0\,\% of the squared deviations" in sentence
    assert f"without them, {shares}." in sentence
    assert "the draw outweighs the image" in sentence and sentence.count("; ") == 11
    study.study["variance"] = study.study["variance"].assign(share_low=math.nan, share_high=math.nan)
    assert r"make up 75.0\,\% and draws" in sentences_of(study)["variance_sentence"]


def test_verdicts_that_flaws_change_are_counted(study):
    found = sentences_of(study)
    assert "The verdict on 2 of 10 tested claims changes" in found["audit_claims_sentence"]
    assert "on 0 of them under a single flaw" in found["audit_claims_sentence"]
    assert "change the verdict on 2 of 10 tested claims" in found["flaws_takeaway_sentence"]
    frame = study.study["audit_claims"]
    study.study["audit_claims"] = frame.assign(as_released=frame["corrected"])
    assert sentences_of(study)["audit_claims_sentence"] == "No claim changes its verdict under any flaw."
    assert "change no verdict" in sentences_of(study)["flaws_takeaway_sentence"]
    study.study["audit_claims"] = frame.assign(corrected=NOT_TESTED, as_released=NOT_TESTED)
    assert sentences_of(study)["audit_claims_sentence"].startswith("No claim can be tested on these images")
    assert sentences_of(study)["flaws_takeaway_sentence"] == r"\none"


def test_a_study_of_two_images_has_no_intervals_of_the_variance(study):
    assert "jackknife" in sentences_of(study)["variance_intervals_sentence"]
    study.settings["study"] |= {"images": 2}
    assert sentences_of(study)["variance_intervals_sentence"] == "Intervals need 3 images, and the study has 2."


def test_a_verdict_of_many_runs_changes_if_most_of_them_disagree(study):
    frame = study.study["audit_claims"]
    study.study["audit_claims"] = frame.assign(share=0.5)
    assert sentences_of(study)["audit_claims_sentence"] == "No claim changes its verdict under any flaw."
    study.study["audit_claims"] = frame.assign(share=0.55)
    assert "The verdict on 2 of 10 tested claims changes" in sentences_of(study)["audit_claims_sentence"]


def test_three_images_are_compared_with_all(study):
    sentence = sentences_of(study)["few_images_sentence"]
    assert (
        r"Of the 24 images of this run, three at random give mean shifts by cosine similarity that differ" in sentence
    )
    assert r"by 25.0\,\% (root mean square" in sentence and "0.7500 [0.5000, 1.000]" in sentence
    assert r"2 of 3 augmentations change their rank, and 0 to 3 in 95\,\% of the samples" in sentence
    study.study["few_images"] = study.study["few_images"].iloc[:0]
    assert "too few images" in sentences_of(study)["few_images_sentence"]


def test_without_failures_none_counts(study):
    study.settings["study"]["failure_share"] = 0
    assert sentences_of(study)["failures_sentence"] == "In this run, no view and no image counts as failed."


def test_a_run_that_filters_says_what_all_flaws_leave_out(study):
    assert sentences_of(study)["filtered_audit_sentence"] == sentences.NOTHING
    study.settings["resize"] = "antialiased"
    assert "leave out the resize" in sentences_of(study)["filtered_audit_sentence"]


def test_the_other_precision_is_named(study):
    assert dict(number_macros.numbers(study))["other_precision",] == "bf16 instead of fp32"
    reduced = {f"{study.main.model} on {study.main.dataset}": pd.DataFrame({"precision": ["bf16"]})}
    found = number_macros.numbers(dataclasses.replace(study, precisions=reduced))
    assert dict(found)["other_precision",] == "fp32 instead of bf16"
