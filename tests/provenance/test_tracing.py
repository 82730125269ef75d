"""Names of macros from words, and the influence of an image on a statistic."""

import numpy as np
import pandas as pd
import pytest

from embedding_shift.errors import InputError
from embedding_shift.provenance import answers, cells, macros
from embedding_shift.views.view_record import Step, ViewRecord

NAMES = ["MeanCosineSimilarityNoise", "MeanCosineSimilarityBlur", "StdCosineSimilarityNoise", "NumImages"]


@pytest.mark.parametrize("name", [r"\MeanCosineSimilarityNoise", "NoiseCosineMean", r"\NoiseMean"])
def test_a_macro_is_found_by_its_words(name):
    assert macros.known(name, NAMES) == "MeanCosineSimilarityNoise"


@pytest.mark.parametrize(
    "name, listed", [("CosineMean", "these fit: .*Noise, .*Blur"), ("Other", "it has"), ("", "it has")]
)
def test_words_that_fit_several_macros_or_none_are_refused(name, listed):
    with pytest.raises(InputError, match=listed):
        macros.known(name, NAMES)


@pytest.mark.parametrize("column, statistic", [("mean", np.mean), ("std", lambda array: array.std(ddof=1)), ("n", len)])
def test_the_influence_is_what_a_statistic_loses_without_the_image(column, statistic):
    values = pd.Series([0.5, 0.75, 3.0, 0.5], index=list("abcd"))
    found = cells.influences(values, column)
    for image in values.index:
        assert found[image] == pytest.approx(statistic(values.to_numpy()) - statistic(values.drop(image).to_numpy()))
    assert column == "n" or found.index[0] == "c"


def test_a_single_image_has_no_influence():
    assert cells.influences(pd.Series([0.5], index=["a"]), "mean").isna().all()


def test_a_given_view_is_told_by_its_file():
    given = ViewRecord("phone", "", (), 0, (8, 8), counterpart_sha256="12")
    assert list(answers.lines_of_record(given.as_json())) == [
        "transform  none: it was given, as a file with the SHA-256 12"
    ]
    assert ViewRecord.from_json(given.as_json()) == given


def test_a_view_of_several_transforms_is_told_step_by_step():
    steps = Step("Affine", {"rotate": 5}, 11, {"angle": 5.0}), Step("Blur", {}, 12, {}, applied=False)
    found = list(answers.lines_of_record(ViewRecord("mine", "", steps, 0, (8, 8)).as_json()))
    assert found == [
        'transform  Affine {"rotate": 5}',
        'drawn      {"angle": 5.0}',
        "seed       11, draw 0",
        "transform  Blur {}",
        "drawn      not applied to this image",
        "seed       12, draw 0",
    ]
