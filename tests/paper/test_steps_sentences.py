"""Sentences on what the transforms of a list contribute."""

import dataclasses
from math import nan

import pytest
from paper_run import read, read_run_with_study, sentences_of, write_results, write_steps

NAME = "augmentation_1"


@pytest.fixture
def inputs(tmp_path):
    return read(write_results(tmp_path, ["Noise", "Policy & Co"], 24) + write_steps(tmp_path, [NAME]))


def told(inputs, frame):
    return sentences_of(dataclasses.replace(inputs, steps=frame))["steps_sentence"]


def test_the_transform_that_adds_most_and_the_one_that_takes_most_with_it_are_named(inputs):
    assert sentences_of(inputs)["steps_sentence"] == (
        r"\emph{Policy \& Co} shifts the embedding by 0.875. Of its 3 transforms, number 1, "
        r"\texttt{RandomResizedCrop}, adds most, 0.500 [0.250, 1.00]. The shift falls most without number 2, "
        r"\texttt{ColorJitter} (applied to 4 of 8 images), by 0.375 [0.188, 0.750]."
    )


def test_one_transform_may_be_both(inputs):
    frame = inputs.steps
    frame.loc[(frame["contribution"] == "lost") & (frame["step"] == 1), "mean"] = 0.5
    assert "The shift falls most without it, by 0.500 [" in told(inputs, frame)


def test_a_single_image_has_no_interval_and_some_lists_lose_nothing(inputs):
    frame = inputs.steps.assign(ci_low=nan, ci_high=nan)
    frame.loc[frame["contribution"] == "lost", "mean"] = -0.25
    assert told(inputs, frame).endswith("adds most, 0.500. The shift does not fall without any one of them.")


def test_a_run_without_lists_has_no_sentence(inputs):
    assert "steps_sentence" not in sentences_of(dataclasses.replace(inputs, steps=None))
    assert told(inputs, inputs.steps.head(0)) == "No list of transforms has a shift of the embedding."


def test_the_study_names_the_views_that_it_makes(tmp_path, inputs):
    run = read_run_with_study(tmp_path / "study")
    graded, parts = "graded doses of the augmentations that have a dose scale", "parts of the augmentations that apply"
    before = sentences_of(run)["study_views_sentence"]
    assert graded in before and parts not in before
    settings = run.settings | {"study": run.settings["study"] | {"doses": []}}
    after = sentences_of(dataclasses.replace(run, steps=inputs.steps, settings=settings))["study_views_sentence"]
    assert graded not in after and f"and {parts} several transforms." in after
