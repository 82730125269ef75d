"""The table of how a view was made: values by name, in the words of the figures."""

import pytest

from embedding_shift.explorer import parameters
from embedding_shift.views.view_record import ViewRecord


def record(kernel):
    return {
        "augmentation": "blur",
        "transform": "GaussianBlur",
        "arguments": {"blur_limit": [3, 7]},
        "parameters": {"kernel": kernel, "matrix": [[1.0, 0.0], [0.0, 1.0]], "map": {"sha256": "0"}},
    }


def test_a_list_whose_length_varies_is_followed_by_its_length():
    first, second = parameters.rows([record([0.2, 0.6, 0.2]), record([1.0])])
    names = ["transform", "arguments.blur_limit", "parameters.kernel", "parameters.kernel.length"]
    assert list(first) == [*names, "parameters.matrix", "parameters.map.sha256"]
    assert (first["parameters.kernel.length"], second["parameters.kernel.length"]) == (3, 1)
    assert "parameters.kernel.length" not in parameters.rows([record([1.0])] * 2)[0]
    assert parameters.names_in_words([first])["parameters.kernel.length"] == "kernel length"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("parameters.max_height", "max height"),
        ("arguments.translate_percent.x", "translate percent x (setting)"),
        ("steps.1.parameters.kernel.length", "step 2: kernel length"),
        ("steps.0.transform", "step 1: transform"),
        ("seed", "seed"),
    ],
)
def test_names_are_the_words_of_figures(name, words):
    assert parameters.in_words(name) == words


def test_of_a_given_view_only_its_file_is_told():
    given = ViewRecord("phone", "0", (), 0, (8, 8), counterpart_sha256="1").as_json()
    assert parameters.rows([given]) == [{"counterpart_sha256": "1"}]


def test_steps_are_told_one_by_one():
    steps = {"steps": [{"transform": "A", "parameters": {"p": 1}}, {"transform": "B", "parameters": {"p": 2}}]}
    expected = {
        "steps.0.transform": "A",
        "steps.0.parameters.p": 1,
        "steps.1.transform": "B",
        "steps.1.parameters.p": 2,
    }
    assert parameters.rows([steps]) == [expected]
