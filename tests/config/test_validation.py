"""The configuration: what is refused, with which words, what is filled in, and the page that describes it."""

import copy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from embedding_shift.config import validation
from embedding_shift.errors import InputError

PROJECT = Path(__file__).parents[2]
SCHEMA = yaml.safe_load((PROJECT / "config" / "schema.yaml").read_text())
SHIPPED = yaml.safe_load((PROJECT / "config.yaml").read_text())


def changed(path, value):
    """The shipped configuration with one key, as a list of its parts, set to a value; `...` takes it away."""
    config = copy.deepcopy(SHIPPED)
    section = config
    for part in path[:-1]:
        section = section.setdefault(part, {})
    if value is ...:
        del section[path[-1]]
    else:
        section[path[-1]] = value
    return config


def complaint(config):
    with pytest.raises(InputError) as caught:
        validation.validated(config, SCHEMA)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_schema_is_a_json_schema():
    Draft202012Validator.check_schema(SCHEMA)


def test_the_shipped_configuration_is_valid_and_keeps_what_it_says():
    full = validation.validated(SHIPPED, SCHEMA)
    assert laid_over(full, SHIPPED) == full
    assert list(full["augmentations"]) == list(SHIPPED["augmentations"])


def test_names_that_the_paper_cannot_tell_apart_are_refused():
    entry = {"transform": "HorizontalFlip"}
    config = changed(["augmentations"], {"noise_2": entry, "noise2": entry})
    assert complaint(config) == (
        "configuration key 'augmentations.noise2': the paper's numbers cannot tell the names 'noise_2' and 'noise2' "
        "apart; rename one"
    )


def test_a_colour_without_quotes_is_a_comment_and_the_message_says_so():
    config = changed(["augmentations", "noise", "color"], yaml.safe_load("color: #882255")["color"])
    assert "found None; text is needed; a colour is written as '#RRGGBB', in quotes" in complaint(config)


def test_plain_values_of_the_shipped_configuration_are_the_documented_defaults():
    plain = {key: value for key, value in SHIPPED.items() if not isinstance(value, dict)}
    assert plain == {key: SCHEMA["properties"][key]["default"] for key in plain}


def test_every_other_configuration_that_is_shipped_is_valid_on_top_of_it():
    for path in sorted((PROJECT / "config").glob("*.yaml")):
        if path.name != "schema.yaml":
            validation.validated(laid_over(SHIPPED, yaml.safe_load(path.read_text())), SCHEMA)


def laid_over(base, other):
    """Mappings merged key by key, as Snakemake does with a second configuration file."""
    if not (isinstance(base, dict) and isinstance(other, dict)):
        return other
    return base | {key: laid_over(base.get(key), value) for key, value in other.items()}


def test_defaults_are_valid_and_fill_every_level():
    minimal = {key: SHIPPED[key] for key in SCHEMA["required"]}
    full = validation.validated(minimal, SCHEMA)
    for key, entry in SCHEMA["properties"].items():
        if "default" in entry and "properties" not in entry:
            assert full[key] == entry["default"]
        if "properties" in entry:
            defaults = {name: inner["default"] for name, inner in entry["properties"].items() if "default" in inner}
            assert full[key] == defaults
    assert full["augmentations"]["horizontal_flip"]["parameters"] == {}
    assert full["datasets"]["kodak"]["n_images"] is None
    assert validation.validated(full, SCHEMA) == full


def test_a_pinned_dataset_has_no_number_of_images():
    pinned = changed(["datasets", "kodak", "pin"], "pinned.csv")
    assert validation.validated(pinned, SCHEMA)["datasets"]["kodak"]["n_images"] is None
    pinned["datasets"]["kodak"]["n_images"] = 5
    said = complaint(pinned)
    assert said.startswith("configuration key 'datasets.kodak.n_images': found 5; "), said
    assert "leave out this key or `pin`" in said


def test_the_given_configuration_is_left_as_it_was():
    given_config = copy.deepcopy(SHIPPED)
    validation.validated(given_config, SCHEMA)
    assert given_config == SHIPPED


@pytest.mark.parametrize(
    ("key", "path"),
    [
        (["models", "mine"], "results/models/mine"),
        (["models", "mine"], "./results/../results/models/mine/"),
        (["datasets", "mine"], "results/mine/views"),
    ],
)
def test_what_an_entry_itself_writes_is_no_source(key, path):
    """Snakemake would delete it first."""
    kind = "folder" if key[0] == "datasets" else "local-dir"
    said = complaint(changed(key, {"kind": kind, "path": path}))
    assert said.startswith(f"configuration key '{key[0]}.mine.path': {path} is what this entry itself writes")
    validation.validated(changed([key[0], "other"], {"kind": kind, "path": path}), SCHEMA)


def test_a_pin_is_no_result_of_its_own_dataset():
    said = complaint(changed(["datasets", "kodak", "pin"], "results/kodak/manifest.csv"))
    assert said.startswith("configuration key 'datasets.kodak.pin': results/kodak/manifest.csv is what this entry")
    validation.validated(changed(["datasets", "kodak", "pin"], "results/kodak2/manifest.csv"), SCHEMA)


def test_a_null_entry_takes_a_named_entry_away():
    full = validation.validated(changed(["augmentations", "noise"], None), SCHEMA)
    assert list(full["augmentations"]) == list(SHIPPED["augmentations"])[1:]
    assert "at least one entry" in complaint(changed(["datasets"], {"kodak": None}))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["sede"], 1, ["unknown key 'sede'", "is 'seed' meant", "allowed are seed, image_size"]),
        (["bootstrap", "samples"], 5, ["'bootstrap'", "unknown key 'samples'", "resamples, confidence"]),
        (["datasets", "kodak", "limit"], 5, ["'datasets.kodak'", "unknown key 'limit'"]),
        (["models", "dinov2_vits14", "url"], "x", ["'models.dinov2_vits14'", "unknown key 'url'"]),
        (["augmentations", "noise", "p"], 0.5, ["'augmentations.noise'", "unknown key 'p'", "parameters"]),
        ([7], 1, ["unknown key 7"]),
        (["datasets"], ..., ["the key 'datasets' is missing"]),
        (["datasets", "kodak", "kind"], ..., ["'datasets.kodak'", "'kind' is missing"]),
        (["models", "dinov2_vits14", "sha256"], ..., ["'models.dinov2_vits14'", "'sha256' is missing"]),
        (["models", "dinov2_vits14"], {"kind": "local-dir"}, ["'path' is missing"]),
        (["augmentations", "noise", "transform"], ..., ["'augmentations.noise'", "'transform' is missing"]),
        (["seed"], "abc", ["'seed'", "found 'abc'", "a whole number is needed"]),
        (["shards"], True, ["'shards'", "found True", "a whole number"]),
        (["shards"], 2.0, ["'shards'", "found 2.0", "a whole number"]),
        (["bootstrap"], [1], ["'bootstrap'", "found [1]", "a mapping"]),
        (["augmentations"], None, ["'augmentations'", "found None", "a mapping"]),
        (["augmentations", "blur"], "GaussianBlur", ["'augmentations.blur'", "a mapping"]),
        (["augmentations", "blur", "parameters"], [3, 7], ["'augmentations.blur.parameters'", "a mapping"]),
        (["datasets", "kodak", "path"], "", ["'datasets.kodak.path'", "some text"]),
        (["datasets", "kodak", "n_images"], 0, ["'datasets.kodak.n_images'", "found 0", "at least 1"]),
        (["image_size"], 31, ["'image_size'", "found 31", "at least 32 and at most 1024"]),
        (["image_size"], 4096, ["'image_size'", "found 4096"]),
        (["bootstrap", "confidence"], 1.0, ["'bootstrap.confidence'", "more than 0.5 and less than 1"]),
        (["bootstrap", "confidence"], float("nan"), ["'bootstrap.confidence'", "found nan", "a number"]),
        (["device"], "gpu", ["'device'", "found 'gpu'", "auto, cpu, cuda, mps"]),
        (["datasets", "kodak", "kind"], "zip", ["'datasets.kodak.kind'", "found 'zip'", "csv, folder"]),
        (["augmentations", "noise", "color"], "red", ["'augmentations.noise.color'", "found 'red'", "#RRGGBB"]),
        (["augmentations", "original"], {"transform": "Blur"}, ["'augmentations'", "name 'original'", "small letters"]),
        (["augmentations", "../up"], {"transform": "Blur"}, ["name '../up'"]),
        (["augmentations", "line\n"], {"transform": "Blur"}, ["name 'line\\n'"]),
        (["datasets", 2024], {"kind": "folder", "path": "x"}, ["'datasets'", "name 2024", "text"]),
        (["datasets", "models"], {"kind": "folder", "path": "x"}, ["name 'models'", "folders results/ has"]),
        (["models", "views"], {"kind": "local-dir", "path": "x"}, ["name 'views'", "folders a dataset has"]),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(path, value, words):
    said = complaint(changed(path, value))
    assert [word for word in words if word not in said] == [], said


NONSENSE = st.recursive(
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


@settings(max_examples=300, deadline=None)
@given(path=st.sampled_from(KEYS), value=NONSENSE)
def test_nonsense_is_taken_or_refused_in_one_line_but_never_crashes(path, value):
    try:
        validation.validated(changed(path, value), SCHEMA)
    except InputError as error:
        assert "\n" not in str(error)


def test_the_page_is_what_the_schema_says():
    page = (PROJECT / "docs" / "configuration.md").read_text()
    assert page == validation.describe(SCHEMA), "run `make docs`"


def test_the_page_has_a_row_for_every_key_with_its_default():
    page = validation.describe(SCHEMA)
    sections = [SCHEMA]
    while sections:
        section = sections.pop()
        for key, entry in section["properties"].items():
            (row,) = {
                row for row in page.splitlines() if row.startswith(f"| `{key}` |") and entry["description"] in row
            }
            if "default" in entry and entry["default"] not in ({}, None):
                assert f"`{entry['default']}`" in row
            for inner in (entry, entry.get("additionalProperties")):
                if isinstance(inner, dict) and "properties" in inner:
                    sections.append(inner)


def snakemake(*arguments):
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)


def test_a_bad_value_stops_the_run_before_the_first_job_with_one_line():
    done = snakemake("--config", "device=gpu")
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if "device" in line]
    assert line == "error: configuration key 'device': found 'gpu'; allowed are auto, cpu, cuda, mps"
    assert "Traceback" not in done.stderr and "rule" not in done.stdout


def test_a_second_file_is_laid_over_the_first_and_checked_with_it(tmp_path):
    second = tmp_path / "second.yaml"
    second.write_text("augmentations: {noise: null, blur: {parameter: {}}}\n")
    done = snakemake("--configfile", str(second))
    assert done.returncode != 0
    assert "'augmentations.blur': unknown key 'parameter' (is 'parameters' meant?)" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_yaml_is_refused(tmp_path):
    second = tmp_path / "second.yaml"
    second.write_text("seed: [1\nshards: 2\n")
    done = snakemake("--configfile", str(second))
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "not valid JSON or YAML" in said and "Traceback" not in said


def test_what_the_default_profile_says_no_other_profile_says_otherwise():
    """Snakemake reads it beside any other, and it wins."""
    profiles = {path.parent.name: yaml.safe_load(path.read_text()) for path in PROJECT.glob("profiles/*/config.yaml")}
    default = profiles.pop("default")
    assert {"slurm", "paper"} <= set(profiles)
    for profile in profiles.values():
        assert {key: default[key] for key in default if key in profile} == {
            key: profile[key] for key in default if key in profile
        }
