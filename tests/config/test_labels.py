"""Labels: any script is allowed, but each must be visible, and different from the others of its section."""

import pytest
import yaml
from pipeline import PROJECT

from embedding_shift.config import labels, validation
from embedding_shift.errors import InputError

SCHEMA = yaml.safe_load((PROJECT / "config" / "schema.yaml").read_text())
SHIPPED = (PROJECT / "config.yaml").read_text()


def config(section, **entries):
    return {name: {} for name in labels.SECTIONS} | {section: entries}


@pytest.mark.parametrize("label", ["", " \t", "\u200b", "\u00a0\u2003"])
@pytest.mark.parametrize("section", labels.SECTIONS)
def test_a_label_that_shows_nothing_is_rejected(section, label):
    with pytest.raises(InputError, match=rf"^configuration key '{section}\.a\.label': found .*; it must not be empty"):
        labels.check(config(section, a={"label": label}))


@pytest.mark.parametrize(
    ("first", "second"),
    [({"label": "Blur"}, {"label": " Blur "}), ({"label": "two"}, {}), ({"label": "é"}, {"label": "e\u0301"})],
)
def test_two_equal_labels_are_rejected(first, second):
    message = r"'models\.two\.label': found .*, which is the label of 'one'; labels must differ"
    with pytest.raises(InputError, match=message):
        labels.check(config("models", one=first, two=second))


@pytest.mark.parametrize("character", ["\x07", "\ue000", "\U0003ffff"])
def test_a_character_that_nothing_can_show_is_named(character):
    with pytest.raises(InputError, match=rf"the character U\+{ord(character):04X} cannot be shown"):
        labels.check(config("datasets", a={"label": f"A{character}"}))


def test_labels_in_any_script_are_allowed():
    texts = ["Размытие", "ぼかし \N{GRINNING FACE}", "تمويه", "हिन्दी", "A\nB", "👩\u200d🔬"]
    labels.check(config("augmentations", **{f"a{place}": {"label": text} for place, text in enumerate(texts)}))
    labels.check(config("models", one={"label": "Noise"}) | {"datasets": {"two": {"label": "Noise"}}})


def test_labels_are_checked_with_the_rest_of_the_configuration():
    changed = yaml.safe_load(SHIPPED)
    changed["augmentations"]["blur"]["label"] = "Noise"
    with pytest.raises(InputError, match=r"'augmentations\.blur\.label': found 'Noise'"):
        validation.validated(changed, SCHEMA)
