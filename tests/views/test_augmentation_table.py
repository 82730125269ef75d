"""The table of augmentations: labels and colours have defaults, and a wrong entry is refused by its name."""

import json

import pytest
import yaml
from configurations import SCHEMA, changed
from pipeline import PROJECT

from embedding_shift.config import validation
from embedding_shift.config.entries import steps_of
from embedding_shift.errors import InputError
from embedding_shift.views import augmentation_table

FLIP = {"transform": "HorizontalFlip", "parameters": {}}
NOISE = {"transform": "GaussNoise", "parameters": {"std_range": [0.4, 0.8]}}


def test_a_row_is_the_entry_with_its_defaults():
    rows = augmentation_table.rows(
        {
            "noise": NOISE | {"label": "Noise", "color": "#882255"},
            "flip": FLIP,
            "again": FLIP | {"color": "#123456"},
            "more": FLIP,
        },
        image_size=32,
    )
    assert all(list(row) == augmentation_table.COLUMNS for row in rows)
    assert [row["label"] for row in rows] == ["Noise", "flip", "again", "more"]
    first, second, *_ = augmentation_table.RESERVE_COLORS
    assert [row["color"] for row in rows] == ["#882255", first, "#123456", second]
    assert json.loads(rows[0]["parameters"]) == NOISE["parameters"]


def test_a_given_counterpart_has_neither_transform_nor_parameters():
    (row,) = augmentation_table.rows({"phone": {"transform": [], "parameters": {}, "label": "Phone"}}, 32)
    assert (row["label"], row["transform"], row["parameters"]) == ("Phone", "", "[]")


def test_there_is_a_colour_for_any_number_of_augmentations():
    names = [f"flip_{number}" for number in range(3 * len(augmentation_table.RESERVE_COLORS))]
    assert all(row["color"] for row in augmentation_table.rows(dict.fromkeys(names, FLIP), 32))


def test_the_training_policies_are_accepted_and_keep_their_published_shares():
    policies = yaml.safe_load((PROJECT / "config/training_policies.yaml").read_text())["augmentations"]
    full = validation.validated(changed(["augmentations"], policies), SCHEMA)["augmentations"]
    assert [row["augmentation"] for row in augmentation_table.rows(full, 224)] == list(policies)
    shares = {name: [step.get("probability", 1) for step in steps_of(entry)] for name, entry in full.items()}
    assert shares["simclr"] == [1, 0.5, 0.8, 0.2, 0.5]
    assert sum(shares["rand_augment"]) == pytest.approx(2 * 13 / 14, abs=0.01)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"transform": "Fog"}, r"^augmentation 'noise': unknown transform 'Fog'"),
        ({"parameters": {"sigma": 1}}, r"^augmentation 'noise': unknown argument 'sigma' of GaussNoise"),
        ({"dose": {"none": {"sigma": 0}, "setting": 1}}, r"^augmentation 'noise': .*dose.none: 'sigma' is not among"),
        ({"transform": "Normalize", "parameters": {}}, r"^augmentation 'noise': Normalize returns float32"),
        (
            {"dose": {"none": {"std_range": [0, 0]}, "setting": 0.5}},
            r"^augmentation 'noise': at dose 1: GaussNoise: std",
        ),
    ],
)
def test_a_wrong_entry_is_refused_by_its_name(changes, message):
    with pytest.raises(InputError, match=message):
        augmentation_table.rows({"noise": NOISE | changes}, 32)
