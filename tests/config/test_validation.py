"""Validation of the configuration: shipped files, defaults, entries that are removed or come first."""

import copy

import pytest
import yaml
from configurations import BLUR, SCHEMA, SHIPPED, changed, error_message, merged
from jsonschema import Draft202012Validator
from pipeline import PROJECT

from embedding_shift.config import validation
from embedding_shift.config.entries import steps_of


def test_the_schema_is_a_json_schema():
    Draft202012Validator.check_schema(SCHEMA)


def test_the_shipped_configuration_is_valid_and_keeps_its_values():
    full = validation.validated(SHIPPED, SCHEMA)
    assert merged(full, SHIPPED) == full
    assert list(full["augmentations"]) == list(SHIPPED["augmentations"])


def test_plain_values_of_the_shipped_configuration_equal_the_defaults():
    plain = {key: value for key, value in SHIPPED.items() if not isinstance(value, dict)}
    assert plain == {key: SCHEMA["properties"][key]["default"] for key in plain}


def test_every_other_shipped_configuration_is_valid_when_merged_into_it():
    for path in sorted((PROJECT / "config").glob("*.yaml")):
        if path.name not in ("schema.yaml", "prompts.yaml", "phrases.yaml"):
            validation.validated(merged(SHIPPED, yaml.safe_load(path.read_text())), SCHEMA)


def test_defaults_are_valid_and_filled_in_at_every_level():
    minimal = {key: SHIPPED[key] for key in (*SCHEMA["required"], "augmentations")}
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


def test_the_given_configuration_is_not_modified():
    given_config = copy.deepcopy(SHIPPED)
    validation.validated(given_config, SCHEMA)
    assert given_config == SHIPPED


def test_the_transforms_of_a_list_get_their_defaults():
    given = [{"transform": "Blur"}, {"transform": "GaussNoise", "parameters": None}]
    entry = validation.validated(changed(["augmentations", "m"], {"transform": given}), SCHEMA)["augmentations"]["m"]
    assert [step["probability"] for step in entry["transform"]] == [1, 1]
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


# The encoders of config.yaml.
OFFLINE = ("dinov2_vits14", "efficientnet_lite0")


def test_the_primary_dataset_and_model_come_first():
    config = changed(["datasets", "mine"], {"kind": "folder", "path": "x"})
    config["models"]["own"] = {"kind": "local-dir", "path": "y"}
    full = validation.validated(config | {"primary": {"model": "own"}}, SCHEMA)
    assert (list(full["datasets"]), list(full["models"])) == (["kodak", "mine"], ["own", *OFFLINE])
    full = validation.validated(config | {"primary": {"dataset": "mine"}}, SCHEMA)
    assert (list(full["datasets"]), list(full["models"])) == (["mine", "kodak"], [*OFFLINE, "own"])
    assert error_message(config | {"primary": {"dataset": "min"}}) == (
        "configuration key 'primary.dataset': found 'min'; allowed are kodak, mine"
    )
