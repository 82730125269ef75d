"""The generated sentences on the study: floor and ceiling, equal damage, variance, and the audit."""

import pandas as pd
import pytest
from paper_run import read_run_with_study, sentences_of

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


def test_the_variance_is_split(study):
    sentence = sentences_of(study)["variance_sentence"]
    assert r"75.0\,\% lies between augmentations and 25.0\,\% lies between draws" in sentence
    assert "The draw outweighs the image" in sentence and sentence.count("; ") == 10


def test_verdicts_that_flaws_change_are_counted(study):
    found = sentences_of(study)
    assert "The verdict on 2 of 10 claims changes" in found["audit_claims_sentence"]
    assert "on 0 of them under a single flaw" in found["audit_claims_sentence"]
    assert "change the verdict on 2 of 10 claims" in found["flaws_takeaway_sentence"]
    frame = study.study["audit_claims"]
    study.study["audit_claims"] = frame.assign(as_released=frame["corrected"])
    assert sentences_of(study)["audit_claims_sentence"] == "No claim changes its verdict under any flaw."
    assert "change no verdict" in sentences_of(study)["flaws_takeaway_sentence"]


def test_without_failures_no_view_is_replaced(study):
    study.settings["study"]["failure_share"] = 0
    assert sentences_of(study)["failures_sentence"] == "No view is replaced by the unaugmented image."
