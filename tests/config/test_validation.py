"""Validation of the configuration: what is rejected, with which message, and which defaults are filled in."""

import copy
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from embedding_shift.config import validation
from embedding_shift.config.entries import steps_of
from embedding_shift.errors import InputError

PROJECT = Path(__file__).parents[2]
SCHEMA = yaml.safe_load((PROJECT / "config" / "schema.yaml").read_text())
SHIPPED = yaml.safe_load((PROJECT / "config.yaml").read_text())
BLUR = SHIPPED["augmentations"]["blur"]


def changed(path, value):
    """Return the shipped configuration with one key (a list of its parts) set to a value; `...` removes the key."""
    config = copy.deepcopy(SHIPPED)
    section = config
    for part in path[:-1]:
        section = section.setdefault(part, {})
    if value is ...:
        del section[path[-1]]
    else:
        section[path[-1]] = value
    return config


def error_message(config):
    with pytest.raises(InputError) as caught:
        validation.validated(config, SCHEMA)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_schema_is_a_json_schema():
    Draft202012Validator.check_schema(SCHEMA)


def test_the_shipped_configuration_is_valid_and_keeps_its_values():
    full = validation.validated(SHIPPED, SCHEMA)
    assert merged(full, SHIPPED) == full
    assert list(full["augmentations"]) == list(SHIPPED["augmentations"])


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


def test_plain_values_of_the_shipped_configuration_equal_the_defaults():
    plain = {key: value for key, value in SHIPPED.items() if not isinstance(value, dict)}
    assert plain == {key: SCHEMA["properties"][key]["default"] for key in plain}


def test_every_other_shipped_configuration_is_valid_when_merged_into_it():
    for path in sorted((PROJECT / "config").glob("*.yaml")):
        if path.name != "schema.yaml":
            validation.validated(merged(SHIPPED, yaml.safe_load(path.read_text())), SCHEMA)


def merged(base, other):
    """Merge mappings key by key, as Snakemake does with a second configuration file."""
    if not (isinstance(base, dict) and isinstance(other, dict)):
        return other
    return base | {key: merged(base.get(key), value) for key, value in other.items()}


def test_defaults_are_valid_and_filled_in_at_every_level():
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


def test_pin_and_n_images_exclude_each_other():
    pinned = changed(["datasets", "kodak", "pin"], "pinned.csv")
    assert validation.validated(pinned, SCHEMA)["datasets"]["kodak"]["n_images"] is None
    pinned["datasets"]["kodak"]["n_images"] = 5
    message = error_message(pinned)
    assert message.startswith("configuration key 'datasets.kodak.n_images': found 5; "), message
    assert "leave out this key or `pin`" in message


def test_the_given_configuration_is_not_modified():
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


def test_the_transforms_of_a_list_get_their_defaults():
    given = [{"transform": "Blur"}, {"transform": "GaussNoise", "parameters": None}]
    entry = validation.validated(changed(["augmentations", "m"], {"transform": given}), SCHEMA)["augmentations"]["m"]
    assert steps_of(entry) == [{"transform": name, "parameters": {}} for name in ("Blur", "GaussNoise")]
    blur = SHIPPED["augmentations"]["blur"]
    assert steps_of(blur) == [{"transform": "GaussianBlur", "parameters": blur["parameters"]}]


def test_a_null_entry_removes_an_entry():
    full = validation.validated(changed(["augmentations", "noise"], None), SCHEMA)
    assert list(full["augmentations"]) == list(SHIPPED["augmentations"])[1:]
    assert "at least one entry" in error_message(changed(["datasets"], {"kodak": None}))


@pytest.mark.parametrize("key", ["study", "bootstrap", "figures", "primary"])
def test_an_optional_section_that_is_null_gets_its_defaults(key):
    assert validation.validated(changed([key], None), SCHEMA) == validation.validated(changed([key], {}), SCHEMA)


def test_null_takes_away_the_sections_of_an_entry():
    full = validation.validated(changed(["datasets", "kodak", "acquisition"], None), SCHEMA)
    assert full["datasets"]["kodak"]["acquisition"]["attempts"] == 3
    full = validation.validated(changed(["augmentations", "blur"], {**BLUR, "parameters": None, "dose": None}), SCHEMA)
    assert full["augmentations"]["blur"]["parameters"] == {} and "dose" not in full["augmentations"]["blur"]


def test_entries_of_a_second_file_come_after_the_shipped_ones_in_their_order():
    """Snakemake starts with the second file, merges the shipped one into it, and then the second file once more."""
    second = {"augmentations": {"z": {"transform": "Blur"}, "a": {"transform": "Blur"}, "blur": {"label": "Soft"}}}
    by_snakemake = merged(merged(second, SHIPPED), second)
    assert list(by_snakemake["augmentations"])[:3] == ["z", "a", "blur"]
    ordered = validation.in_order_of_definition(by_snakemake, SHIPPED)
    assert list(ordered["augmentations"]) == [*SHIPPED["augmentations"], "z", "a"]
    assert ordered == by_snakemake
    assert list(validation.in_order_of_definition(by_snakemake, {})["augmentations"])[:2] == ["z", "a"]


def test_the_primary_dataset_and_model_come_first():
    config = changed(["datasets", "mine"], {"kind": "folder", "path": "x"})
    config["models"]["own"] = {"kind": "local-dir", "path": "y"}
    full = validation.validated(config | {"primary": {"model": "own"}}, SCHEMA)
    assert (list(full["datasets"]), list(full["models"])) == (["kodak", "mine"], ["own", "dinov2_vits14"])
    full = validation.validated(config | {"primary": {"dataset": "mine"}}, SCHEMA)
    assert (list(full["datasets"]), list(full["models"])) == (["mine", "kodak"], ["dinov2_vits14", "own"])
    assert error_message(config | {"primary": {"dataset": "min"}}) == (
        "configuration key 'primary.dataset': found 'min'; allowed are kodak, mine"
    )


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
        (["augmentations", "noise", "transform"], ..., ["'augmentations.noise'", "'transform' is missing"]),
        (["seed"], "abc", ["'seed'", "found 'abc'", "it must be a whole number"]),
        (["shards"], True, ["'shards'", "found True", "a whole number"]),
        (["shards"], 2.0, ["'shards'", "found 2.0", "a whole number"]),
        (["bootstrap"], [1], ["'bootstrap'", "found [1]", "a mapping"]),
        (["augmentations"], None, ["'augmentations'", "found None", "a mapping"]),
        (["augmentations", "blur"], "GaussianBlur", ["'augmentations.blur'", "a mapping"]),
        (["augmentations", "blur", "parameters"], [3, 7], ["'augmentations.blur.parameters'", "a mapping"]),
        (["datasets", "kodak", "path"], "", ["'datasets.kodak.path'", "must not be empty"]),
        (["datasets", "kodak", "n_images"], 0, ["'datasets.kodak.n_images'", "found 0", "at least 1"]),
        (["image_size"], 31, ["'image_size'", "found 31", "at least 32 and at most 1024"]),
        (["image_size"], 4096, ["'image_size'", "found 4096"]),
        (["bootstrap", "confidence"], 1.0, ["'bootstrap.confidence'", "more than 0.5 and less than 1"]),
        (["bootstrap", "confidence"], float("nan"), ["'bootstrap.confidence'", "found nan", "a number"]),
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


def snakemake(*arguments):
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)


def test_an_invalid_value_stops_the_run_before_the_first_job_with_one_line():
    done = snakemake("--config", "device=gpu")
    assert done.returncode != 0
    (line,) = [line for line in done.stderr.splitlines() if "device" in line]
    assert line == "error: configuration key 'device': found 'gpu'; allowed are auto, cpu, cuda, mps"
    assert "Traceback" not in done.stderr and "\nrule " not in done.stdout


def test_a_second_file_is_merged_into_the_first_and_checked_with_it(tmp_path):
    second = tmp_path / "second.yaml"
    second.write_text("augmentations: {noise: null, blur: {parameter: {}}}\n")
    done = snakemake("--configfile", str(second))
    assert done.returncode != 0
    assert "'augmentations.blur': unknown key 'parameter' (did you mean 'parameters'?)" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_keeps_the_order_of_the_files_and_takes_paths_with_braces(tmp_path):
    table = tmp_path / "table{1}.csv"
    table.write_text("path\na.png\n")
    dataset = {"kind": "csv", "path": str(table), "pin": str(table)}
    second = tmp_path / "second.yaml"
    second.write_text(
        yaml.safe_dump(
            {
                "study": None,
                "primary": {"dataset": "mine"},
                "datasets": {"mine": dataset, "other": dataset},
                "augmentations": {"jpeg": {"transform": "ImageCompression"}, "blur": {"label": "Soft"}},
            }
        )
    )
    targets = ["results/augmentations.csv", "results/mine/manifest.csv", "results/comparison.csv"]
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--forceall", "--printshellcmds"]
    command += ["--directory", str(tmp_path), "--configfile", str(second), "--", *targets]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    described = re.search(r"describe_augmentations\.py --augmentations '(.*?)' --image-size", done.stdout + done.stderr)
    assert list(json.loads(described[1])) == [*SHIPPED["augmentations"], "jpeg"]
    assert done.stdout.count(f"--pin '{table}'") >= 1
    assert "--summaries results/mine/dinov2_vits14/summary.csv" in done.stdout


def test_a_file_that_is_not_yaml_is_rejected(tmp_path):
    second = tmp_path / "second.yaml"
    second.write_text("seed: [1\nshards: 2\n")
    done = snakemake("--configfile", str(second))
    assert done.returncode != 0
    message = done.stdout + done.stderr
    assert "not valid JSON or YAML" in message and "Traceback" not in message


def test_no_other_profile_contradicts_the_default_profile():
    """Snakemake reads the default profile in addition to any other, and its values take precedence."""
    profiles = {path.parent.name: yaml.safe_load(path.read_text()) for path in PROJECT.glob("profiles/*/config.yaml")}
    default = profiles.pop("default")
    assert {"slurm", "paper"} <= set(profiles)
    for profile in profiles.values():
        assert {key: default[key] for key in default if key in profile} == {
            key: profile[key] for key in default if key in profile
        }
