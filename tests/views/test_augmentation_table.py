"""The table of augmentations: labels and colours have defaults, and a wrong entry is refused by its name."""

import json

import pytest

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


def test_there_is_a_colour_for_any_number_of_augmentations():
    names = [f"flip_{number}" for number in range(3 * len(augmentation_table.RESERVE_COLORS))]
    assert all(row["color"] for row in augmentation_table.rows(dict.fromkeys(names, FLIP), 32))


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
