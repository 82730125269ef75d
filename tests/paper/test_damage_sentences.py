"""Sentences on the damage to captions and classes: values, chance, several encoders, and encoders without texts."""

import dataclasses

import pandas as pd
import pytest
from paper_run import read, sentences_of, write_results

from embedding_shift.words.downstream.damage import COLUMNS
from embedding_shift.words.downstream.damage_forecast import COLUMNS as FORECAST_COLUMNS
from embedding_shift.words.downstream.damage_forecast import EVERY, EVERY_DOSE

NAMES = ("augmentation_0", "augmentation_1")


@pytest.fixture
def inputs(tmp_path):
    return read(write_results(tmp_path, ["Noise", "Blur & Co"], 24))


def told(inputs, rows, forecasts=()):
    """Return the sentences of a run.

    Rows of damage are (view, metric, mean, chance), and those of forecasts (damage, rho, group).
    """
    table = [("A & B", *row[:2], 24, row[2], 0.1, 0.9, *[0.0] * 3, row[3]) for row in rows]
    damage = pd.DataFrame(table, columns=["model", *COLUMNS])
    found = [("A & B", group, name, 2, rho, 0.5, 1.0) for name, rho, group in forecasts]
    forecast = pd.DataFrame(found, columns=["model", *FORECAST_COLUMNS])
    return sentences_of(dataclasses.replace(inputs, text_damage=damage, damage_forecast=forecast))


def test_classes_captions_and_forecast(inputs):
    rows = [("original", "top1_flips", 0.0, ""), (NAMES[0], "top1_flips", 1.0, ""), (NAMES[1], "top1_flips", 0.25, "")]
    for view, similarity, recall in (("original", 0.4, 0.375), (NAMES[0], 0.2, 0.0), (NAMES[1], 0.3, 0.25)):
        rows += [(view, "caption_similarity", similarity, "")]
        rows += [(view, "image_to_text_recall_at_1", recall, 1 / 24)]
    found = told(inputs, rows, [("top1_flips", 0.9, EVERY), ("caption_similarity", "undefined", EVERY)])
    assert found["damage_classes_sentence"] == (
        "The most probable class of A \\& B changes for a share of the images of 0.25 (Blur \\& Co) to 1.00 (Noise)."
    )
    assert found["damage_captions_sentence"] == (
        "With A \\& B, originals have a mean cosine of 0.40 with their captions, and 0.38 of them find their own first "
        "among 24 captions (chance: 0.04); of the views, 0.00 (Noise) to 0.25 (Blur \\& Co) do."
    )
    assert found["damage_forecast_sentence"] == (
        "Over the augmentations, the mean shift has a rank correlation of 0.9000 [0.5000, 1.000] with the share of "
        "images whose most probable class changes (A \\& B)."
    )
    assert found["damage_absent_sentence"] == "\\none"


def test_doses_have_a_correlation_of_their_own(inputs):
    rows = [("original", "top1_flips", 0.0, ""), (NAMES[0], "top1_flips", 1.0, "")]
    found = told(inputs, rows, [("top1_flips", 0.9, EVERY), ("top1_flips", 0.8, EVERY_DOSE)])
    assert found["damage_forecast_sentence"].endswith(
        "(A \\& B). Over the doses of the study, it is 0.8000 [0.5000, 1.000] with the share of images whose most "
        "probable class changes (A \\& B)."
    )


def test_listed_classes_and_their_accuracy(inputs):
    inputs.settings["lists_classes"] = True
    rows = [("original", "top1_flips", 0.0, ""), (NAMES[0], "top1_flips", 1.0, "")]
    rows += [("original", "accuracy", 0.75, ""), (NAMES[0], "accuracy", 0.5, ""), (NAMES[1], "accuracy", 0.25, "")]
    found = told(inputs, rows)["damage_classes_sentence"]
    assert found.startswith(
        "An encoder with a text tower tells the classes of a list by their names~\\cite{radford2021}"
    )
    assert "times the encoder's logit scale, or 100 where it has none." in found
    assert found.endswith(
        "Of 24 images with a label, it tells the right class of a share of 0.75 of the originals, and of 0.25 "
        "(Blur \\& Co) to 0.50 (Noise) of the views."
    )


def test_no_captions_and_no_forecast(inputs):
    found = told(inputs, [("original", "top1_flips", 0.0, ""), (NAMES[0], "top1_flips", 1.0, "")])
    assert found["damage_captions_sentence"] == "\\none"
    assert found["damage_forecast_sentence"] == "Whether the shift forecasts the damage is not known."


def test_no_encoder_with_texts_or_classes(inputs):
    assert told(inputs, [])["damage_absent_sentence"] == (
        "No encoder of this run has a text tower or a classifier, so the damage to captions is not measured."
    )
