"""Wrong values of the configuration: one line that names the key and what is allowed."""

import pytest
import yaml
from configurations import SCHEMA, changed, error_message
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_shift.config import validation
from embedding_shift.errors import InputError


def test_names_that_give_the_same_latex_macro_are_rejected():
    entry = {"transform": "HorizontalFlip"}
    config = changed(["augmentations"], {"noise_2": entry, "noise2": entry})
    assert error_message(config) == (
        "configuration key 'augmentations.noise2': the paper's numbers cannot tell the names 'noise_2' and 'noise2' "
        "apart; rename one"
    )


def test_the_message_explains_that_a_colour_without_quotes_is_a_comment():
    config = changed(["augmentations", "noise", "color"], yaml.safe_load("color: #882255")["color"])
    assert "found None; it must be text; a colour is written as '#RRGGBB', in quotes" in error_message(config)


def test_pin_and_n_images_exclude_each_other():
    pinned = changed(["datasets", "kodak", "pin"], "pinned.csv")
    assert validation.validated(pinned, SCHEMA)["datasets"]["kodak"]["n_images"] is None
    pinned["datasets"]["kodak"]["n_images"] = 5
    message = error_message(pinned)
    assert message.startswith("configuration key 'datasets.kodak.n_images': found 5; "), message
    assert "leave out this key or `pin`" in message


@pytest.mark.parametrize(
    ("key", "path"),
    [
        (["models", "mine"], "results/models/mine"),
        (["models", "mine"], "./results/../results/models/mine/"),
        (["datasets", "mine"], "results/mine/views"),
    ],
)
def test_an_entry_cannot_read_its_own_outputs(key, path):
    """Snakemake would delete them first."""
    kind = "folder" if key[0] == "datasets" else "local-dir"
    message = error_message(changed(key, {"kind": kind, "path": path}))
    assert message.startswith(f"configuration key '{key[0]}.mine.path': {path} is an output of this entry")
    validation.validated(changed([key[0], "other"], {"kind": kind, "path": path}), SCHEMA)


def test_a_pin_cannot_be_an_output_of_its_own_dataset():
    message = error_message(changed(["datasets", "kodak", "pin"], "results/kodak/manifest.csv"))
    assert message.startswith(
        "configuration key 'datasets.kodak.pin': results/kodak/manifest.csv is an output of this entry"
    )
    validation.validated(changed(["datasets", "kodak", "pin"], "results/kodak2/manifest.csv"), SCHEMA)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["sede"], 1, ["unknown key 'sede'", "did you mean 'seed'", "allowed are seed, image_size"]),
        (["bootstrap", "samples"], 5, ["'bootstrap'", "unknown key 'samples'", "resamples, confidence"]),
        (["datasets", "kodak", "limit"], 5, ["'datasets.kodak'", "unknown key 'limit'"]),
        (["models", "dinov2_vits14", "url"], "x", ["'models.dinov2_vits14'", "unknown key 'url'"]),
        (["augmentations", "noise", "p"], 0.5, ["'augmentations.noise'", "unknown key 'p'", "parameters"]),
        ([7], 1, ["unknown key 7"]),
        (["datasets"], ..., ["the key 'datasets' is missing"]),
        (["datasets", "kodak", "kind"], ..., ["'datasets.kodak'", "'kind' is missing"]),
        (["models", "dinov2_vits14", "sha256"], ..., ["'models.dinov2_vits14'", "'sha256' is missing"]),
        (["models", "dinov2_vits14"], {"kind": "local-dir"}, ["'path' is missing"]),
        (["models", "dinov2_vits14"], {"kind": "transformers"}, ["'name' is missing"]),
        (["augmentations", "noise", "transform"], ..., ["'augmentations.noise'", "'transform' is missing"]),
        (["seed"], "abc", ["'seed'", "found 'abc'", "it must be a whole number"]),
        (["shards"], True, ["'shards'", "found True", "a whole number"]),
        (["shards"], 2.0, ["'shards'", "found 2.0", "a whole number"]),
        (["bootstrap"], [1], ["'bootstrap'", "found [1]", "a mapping"]),
        (["augmentations"], [], ["'augmentations'", "found []", "a mapping"]),
        (["augmentations", "blur"], "GaussianBlur", ["'augmentations.blur'", "a mapping"]),
        (["augmentations", "blur", "parameters"], [3, 7], ["'augmentations.blur.parameters'", "a mapping"]),
        (["datasets", "kodak", "path"], "", ["'datasets.kodak.path'", "must not be empty"]),
        (["datasets", "kodak", "n_images"], 0, ["'datasets.kodak.n_images'", "found 0", "at least 1"]),
        (["image_size"], 31, ["'image_size'", "found 31", "at least 32 and at most 1024"]),
        (["image_size"], 4096, ["'image_size'", "found 4096"]),
        (["bootstrap", "confidence"], 1.0, ["'bootstrap.confidence'", "more than 0.5 and less than 1"]),
        (["bootstrap", "confidence"], float("nan"), ["'bootstrap.confidence'", "found nan", "a number"]),
        (["words"], {"classes": "a.txt"}, ["'words.damage'", "found False", "set this key to true"]),
        (["words"], {"classes": "", "damage": True}, ["'words.classes'", "must not be empty"]),
        (["device"], "gpu", ["'device'", "found 'gpu'", "auto, cpu, cuda, mps"]),
        (["datasets", "kodak", "kind"], "zip", ["'datasets.kodak.kind'", "found 'zip'", "csv, folder"]),
        (["augmentations", "noise", "color"], "red", ["'augmentations.noise.color'", "found 'red'", "#RRGGBB"]),
        (
            ["augmentations", "original"],
            {"transform": "Blur"},
            ["'augmentations'", "name 'original'", "lower-case letters"],
        ),
        (["augmentations", "m"], {"transform": []}, ["'augmentations.m.transform'", "found []", "must not be empty"]),
        (["augmentations", "noise", "transform"], 3, ["'augmentations.noise.transform'", "text or a list"]),
        (
            ["augmentations", "m"],
            {"transform": ["Blur"]},
            ["'augmentations.m.transform.0'", "found 'Blur'", "a mapping"],
        ),
        (["augmentations", "m"], {"transform": [{"parameters": {}}]}, ["transform.0'", "'transform' is missing"]),
        (["augmentations", "m"], {"transform": [{"transform": "Blur", "p": 1}]}, ["transform.0'", "unknown key 'p'"]),
        *(
            (
                ["augmentations", "m"],
                {"transform": [{"transform": "Blur"}, {"transform": "Blur", "probability": value}]},
                ["'augmentations.m.transform.1.probability'", f"found {value}", needs],
            )
            for value, needs in ((0, "more than 0"), (1.5, "at most 1"))
        ),
        (
            ["augmentations", "noise", "transform"],
            [{"transform": "Blur"}],
            ["'augmentations.noise.dose'", "several transforms has no dose: leave out this key"],
        ),
        (
            ["augmentations", "m"],
            {"transform": [{"transform": "Blur"}], "parameters": {"blur_limit": 3}},
            ["'augmentations.m.parameters'", "have `parameters` of their own: move these there"],
        ),
        (["augmentations", "../up"], {"transform": "Blur"}, ["name '../up'"]),
        (["augmentations", "line\n"], {"transform": "Blur"}, ["name 'line\\n'"]),
        (["datasets", 2024], {"kind": "folder", "path": "x"}, ["'datasets'", "name 2024", "text"]),
        (["datasets", "models"], {"kind": "folder", "path": "x"}, ["name 'models'", "folder of results/"]),
        (["models", "views"], {"kind": "local-dir", "path": "x"}, ["name 'views'", "folder of a dataset"]),
    ],
)
def test_messages_name_the_key_and_what_is_allowed(path, value, words):
    message = error_message(changed(path, value))
    assert [word for word in words if word not in message] == [], message


ARBITRARY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=6,
)


KEYS = [[key] for key in SCHEMA["properties"]] + [
    ["bootstrap", "resamples"],
    ["datasets", "kodak"],
    ["datasets", "kodak", "path"],
    ["models", "dinov2_vits14"],
    ["augmentations", "noise"],
    ["augmentations", "noise", "color"],
]


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(path=st.sampled_from(KEYS), value=ARBITRARY)
def test_arbitrary_values_are_accepted_or_rejected_in_one_line(path, value):
    try:
        validation.validated(changed(path, value), SCHEMA)
    except InputError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("epsilons", [0], "at least 1"),
        ("epsilons", [4, 300], "at most 255"),
        ("epsilons", [0.5], "a whole number"),
        ("epsilons", [], "must not be empty"),
        ("epsilons", [2, 2], "non-unique"),
        ("steps", 0, "at least 1"),
        ("images", 501, "at most 500"),
    ],
)
def test_sizes_of_the_attack_that_make_no_sense_are_refused(key, value, allowed):
    message = error_message(changed(["adversarial", key], value))
    assert message.startswith(f"configuration key 'adversarial.{key}") and allowed in message, message
