"""Sentences on parts of the encoder that words name."""

import dataclasses

import pytest
from named_tables import named_tables
from paper_run import read, sentences_of, words_table, write_results

NAMES = ("augmentation_0", "augmentation_1", "augmentation_2")


@pytest.fixture
def inputs(tmp_path):
    return read(write_results(tmp_path, ["Noise", "Blur & Co", "Flip"], 24))


def told(inputs, **changes):
    return sentences_of(dataclasses.replace(inputs, named_parts=named_tables(NAMES) | changes))


def test_named_heads_and_dimensions_stand_beside_chance(inputs):
    found = told(inputs)
    assert found["head_words_sentence"] == (
        "Of 3 heads, 2 are named (by chance, 0 would be); the first phrase explains 30.0\\,\\% of what these heads "
        "vary in, on average."
    )
    before, _, after = found["named_heads_sentence"].partition(
        "50 \\% of \\$x\\$ \\& "
    )  # then a character that is drawn
    assert before == (
        "Of the named heads, these write most of a shift: 12.2 (``fog'') under Noise (20.0\\,\\%) and "
        "Flip (6.7\\,\\%) and 12.1 (``"
    )
    assert after.endswith("'') under Blur \\& Co (15.0\\,\\%).")
    assert found["concept_words_sentence"] == (
        "Of 2 dimensions, 1 is named by typical images that are nearer to a phrase than random images are (by chance, "
        "0 would be)."
    )
    assert found["text_maps_sentence"] == (
        "Where the patches resemble the caption has a correlation of $-$0.1000 (Blur \\& Co) to 0.9000 (Noise) with "
        "where they did in the original."
    )
    assert found["named_parts_absent_sentence"] == "\\none"


def test_heads_that_no_word_names(inputs):
    heads = named_tables(NAMES)["head_words"].assign(p=0.5)
    found = told(inputs, head_words=heads, named_heads=named_tables(NAMES, told=False)["named_heads"])
    assert found["head_words_sentence"] == "Of 3 heads, none are named (by chance, 0 would be)."
    assert found["named_heads_sentence"] == "\\none"


def test_reasons_stand_in_place_of_values(inputs):
    tables = named_tables(NAMES)
    heads = tables["head_words"].head(1).astype(object)
    heads[:] = "the parts add up in fp32 only"
    dimensions = tables["concept_words"].head(1).astype(object)
    dimensions[:] = "needs 6 images"
    found = told(
        inputs,
        head_words=heads,
        concept_words=dimensions,
        text_maps=tables["text_maps"].astype({"correlation": object}).assign(correlation="no image has a caption"),
    )
    assert found["head_words_sentence"] == "No head is named: the parts add up in fp32 only."
    assert found["concept_words_sentence"] == "No dimension is named: it needs 6 images."
    assert found["text_maps_sentence"] == (
        "The similarity of patches to the caption is not compared: no image has a caption."
    )


def test_without_a_text_tower_there_is_one_sentence(inputs):
    nothing = named_tables(NAMES, told=False)
    found = sentences_of(dataclasses.replace(inputs, named_parts=nothing))
    assert found["named_parts_absent_sentence"] == "m has no text tower, so its parts are not named."
    assert "head_words_sentence" not in found
    both = sentences_of(dataclasses.replace(inputs, named_parts=nothing, words=words_table([], {})))
    assert both["words_absent_sentence"] == "m has no text tower, so its shift is not told in words."
    assert both["named_parts_absent_sentence"] == "\\none"
    assert sentences_of(inputs)["named_parts_absent_sentence"] == "\\none"
