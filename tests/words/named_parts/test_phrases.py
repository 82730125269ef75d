"""The phrases by which parts of an encoder are named."""

import numpy as np
import pytest
import yaml

from embedding_shift.errors import InputError
from embedding_shift.words import text_files
from embedding_shift.words.named_parts import phrase_directions, phrases

SHIPPED = "config/phrases.yaml"
# Words that say nothing of a picture, also where they are frequent.
FUNCTION_WORDS = """
a an the of and or but if in on at to from by with without for as is are was were be been it its this that these those
there here not no very more most some any all each every other such only own same so than too can will just do does did
has have had i you he she we they what which who when where why how something anything
"""
STOP_WORDS = set(FUNCTION_WORDS.split())


def written(folder, **changes):
    content = {"text": "an image of {phrase}", "phrases": {"some": ["stripes", "dots"], "others": ["fog"]}}
    path = folder / "phrases.yaml"
    path.write_text(yaml.safe_dump({key: value for key, value in (content | changes).items() if value is not None}))
    return path


def test_the_shipped_phrases_can_be_used_and_say_something_of_a_picture():
    found = phrases.read(SHIPPED).texts()
    assert 200 <= len(found) <= 400
    assert found["stripes"] == "an image of stripes"
    assert [phrase for phrase in found if set(phrase.lower().split()) <= STOP_WORDS] == []
    assert text_files.texts_of("phrases", SHIPPED) == found


def test_phrases_of_all_groups_take_the_place_of_the_slot(tmp_path):
    texts = phrases.read(written(tmp_path, text="{phrase}, {phrase}!")).texts()
    assert texts == {"stripes": "stripes, stripes!", "dots": "dots, dots!", "fog": "fog, fog!"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": None}, "must have exactly the keys text, phrases"),
        ({"more": 1}, "must have exactly the keys text, phrases"),
        ({"text": "an image"}, "has no {phrase}"),
        ({"text": 3}, "'text' must be a text"),
        ({"phrases": ["stripes", "dots", "fog"]}, "a list of phrases per group"),
        ({"phrases": {"some": "stripes"}}, "a list of phrases per group"),
        ({"phrases": {"some": ["stripes", ""], "others": ["fog"]}}, "must be a list of texts"),
        ({"phrases": {"some": ["stripes", True], "others": ["fog"]}}, "must be a list of texts"),
        ({"phrases": {"some": ["stripes", "fog"], "others": ["fog"]}}, "holds 'fog' more than once"),
        ({"phrases": {"some": ["stripes", "fog"]}}, "needs at least 3 phrases"),
        ({"phrases": {}}, "must be a list of texts"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path, changes, message):
    with pytest.raises(InputError, match=message.replace("{", r"\{")):
        phrases.read(written(tmp_path, **changes))


def test_a_missing_file_is_named_with_its_key(tmp_path):
    with pytest.raises(InputError, match=r"no file .*none\.yaml with phrases \(config: words\.phrases\)"):
        phrases.read(tmp_path / "none.yaml")


def test_directions_leave_out_what_all_phrases_say():
    generator = np.random.default_rng(0)
    own = generator.normal(size=(5, 8))
    found = phrase_directions.directions((own + 50).astype(np.float32), 8)
    assert found.shape == (5, 8)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    lengths = np.linalg.norm(own + 50, axis=1, keepdims=True)
    expected = (own + 50) / lengths - ((own + 50) / lengths).mean(0)
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-5)


def test_another_space_is_refused():
    with pytest.raises(InputError, match="the width 3 for images and 8 for texts"):
        phrase_directions.directions(np.ones((5, 8)), 3)
