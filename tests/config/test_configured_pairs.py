"""Given pairs in the configuration: their counterparts become the augmentations, and what cannot be is told."""

import copy

import pytest
from configurations import SCHEMA, SHIPPED, error_message, merged

from embedding_shift.config import validation

GIVEN = {"stylised": {"path": "/d/stylised", "label": "Stable Diffusion"}, "phone": {"path": "/d/phone"}}
PAIRS = {"kind": "pairs", "path": "/d/originals", "counterparts": GIVEN}
# As in a second file, beside config.yaml.
SECOND = {"study": None, "augmentations": None, "datasets": {"kodak": None, "restyled": PAIRS}}


def with_pairs(path=(), value=None):
    """Return the shipped configuration with the pairs, one key of which has another value; `...` removes it."""
    config = merged(copy.deepcopy(SHIPPED), copy.deepcopy(SECOND))
    section = config
    for part in path[:-1]:
        section = section[part]
    if path and value is ...:
        del section[path[-1]]
    elif path:
        section[path[-1]] = value
    return config


def test_counterparts_become_augmentations_in_their_order():
    full = validation.validated(with_pairs(), SCHEMA)
    assert list(full["augmentations"]) == ["stylised", "phone"]
    assert full["augmentations"]["stylised"] == {"transform": [], "parameters": {}, "label": "Stable Diffusion"}
    assert full["augmentations"]["phone"] == {"transform": [], "parameters": {}}
    assert full["study"]["images"] == 0 and list(full["datasets"]) == ["restyled"]
    without_the_key = validation.validated(with_pairs(["augmentations"], ...), SCHEMA)
    assert without_the_key == full


def test_datasets_share_their_counterparts_and_the_first_gives_the_label():
    own = {
        "phone": {"path": "/e/phone", "label": "Phone", "color": "#123456"},
        "stylised": {"path": "/e/s", "label": "S"},
    }
    config = with_pairs(["datasets", "second"], {"kind": "pairs", "path": "/e/originals", "counterparts": own})
    shown = {"transform": [], "parameters": {}}
    first = validation.validated(copy.deepcopy(config), SCHEMA)["augmentations"]
    assert first == {
        "stylised": shown | {"label": "Stable Diffusion"},
        "phone": shown | {"label": "Phone", "color": "#123456"},
    }
    config["primary"] = {"dataset": "second"}
    primary = validation.validated(config, SCHEMA)["augmentations"]
    assert list(primary) == ["phone", "stylised"] and primary["stylised"]["label"] == "S"


NAME = ["datasets", "restyled", "counterparts"]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (NAME, ..., ["'datasets.restyled'", "the key 'counterparts' is missing"]),
        (NAME, {}, ["'datasets.restyled.counterparts'", "it is empty; at least one entry"]),
        (NAME, {"Phone filter": {"path": "a"}}, ["found the name 'Phone filter'", "lower-case letters"]),
        (NAME, {"original": {"path": "a"}}, ["found the name 'original'", "the view without augmentation"]),
        (NAME, {"phone": "/d/phone"}, ["'datasets.restyled.counterparts.phone'", "a mapping"]),
        (NAME, {"phone": {}}, ["'datasets.restyled.counterparts.phone'", "the key 'path' is missing"]),
        ([*NAME, "phone", "paths"], "a", ["unknown key 'paths'", "did you mean 'path'"]),
        ([*NAME, "phone", "color"], "red", ["counterparts.phone.color'", "found 'red'", "#RRGGBB"]),
        ([*NAME, "phone", "path"], "/d/originals", ["counterparts.phone.path'", "another folder", "/d/originals"]),
        ([*NAME, "phone", "path"], "/d/originals/../originals/phone", ["neither may lie in the other"]),
        ([*NAME, "phone", "path"], "/d", ["counterparts.phone.path'", "neither may lie in the other"]),
        ([*NAME, "phone", "path"], "results/restyled/x", ["counterparts.phone.path'", "is an output of this entry"]),
        (
            [*NAME, "phone", "label"],
            "Stable Diffusion",
            ["'datasets.restyled.counterparts.phone.label'", "labels must differ"],
        ),
        (NAME, {"a_2": {"path": "a"}, "a2": {"path": "b"}}, ["'datasets.restyled.counterparts.a2'", "cannot tell"]),
        (["datasets", "restyled", "kind"], "folder", ["counterparts'", "only a dataset of kind `pairs`"]),
        (["datasets", "kodak"], SHIPPED["datasets"]["kodak"], ["'datasets.kodak.kind': found 'csv'", "all datasets"]),
        (
            ["datasets", "second"],
            PAIRS | {"counterparts": {"phone": {"path": "/e"}}},
            ["'datasets.second.counterparts': found phone;", "of 'restyled': stylised, phone"],
        ),
        (["augmentations"], SHIPPED["augmentations"], ["'augmentations': found noise, blur", "`augmentations: null`"]),
        (["study"], SHIPPED["study"], ["'study.images': found 8", "set `study: null`"]),
    ],
)
def test_messages_name_the_key_and_what_is_allowed(path, value, words):
    message = error_message(with_pairs(path, copy.deepcopy(value)))
    for word in words:
        assert word in message, message


def test_a_run_without_pairs_needs_augmentations():
    for value in (..., None, {}):
        config = copy.deepcopy(SHIPPED)
        config["augmentations"] = value
        if value is ...:
            del config["augmentations"]
        assert error_message(config) == "configuration key 'augmentations': it is empty; at least one entry is required"
