"""The further views of the study: draws and doses."""

import numpy as np
import pytest
from configured_study import CONFIGURED, DOSED, views_of_study

from embedding_shift.errors import InputError
from embedding_shift.io import shards
from embedding_shift.study.variants import draws_and_doses, variant_names
from embedding_shift.views import doses, image_difference, seeds, transforms
from embedding_shift.views.augment import Augmentation
from embedding_shift.views.view_record import ViewRecord


@pytest.mark.parametrize("name", DOSED)
def test_dose_0_is_the_identity(name, kodak_views):
    entry = CONFIGURED[name]
    transform = transforms.build(entry["transform"], doses.arguments_at(entry["parameters"], entry["dose"], 0))
    for original in kodak_views[:3]:
        assert np.array_equal(transforms.apply(transform, original.pixels, 7)[0], original.pixels)


@pytest.mark.parametrize("name", DOSED)
def test_the_setting_lies_on_the_scale(name, kodak_views):
    """The view at the setting's dose is the main view, pixel by pixel; damage grows from there to dose 1."""
    entry, originals = CONFIGURED[name], kodak_views[:4]
    setting = entry["dose"]["setting"]
    views = views_of_study(originals, name, levels=[0.1, 1])
    transform = transforms.build(entry["transform"], entry["parameters"])
    harm = {0.1: [], setting: [], 1: []}
    for original in originals:
        seed = seeds.seed(1, original.record["image_sha256"], name)
        found = views[original.image_id, variant_names.dose_name(setting)].pixels
        assert np.array_equal(found, transforms.apply(transform, original.pixels, seed)[0])
        for level, values in harm.items():
            view = views[original.image_id, variant_names.dose_name(level)]
            values.append(image_difference.rmse(original.pixels, view.pixels))
    means = [np.mean(harm[level]) for level in sorted(harm)]
    assert means == sorted(means)
    assert means[0] < means[-1]


def test_parameters_move_with_the_square_of_the_dose():
    parameters = {"size": [8, 16], "strength": 0.4, "fill": "random"}
    scale = {"none": {"size": [0, 0], "strength": 0.0}, "setting": 0.5}
    assert doses.arguments_at(parameters, scale, 0.25) == {"size": [2, 4], "strength": 0.1, "fill": "random"}
    assert doses.arguments_at(parameters, scale, 1) == {"size": [32, 64], "strength": 1.6, "fill": "random"}
    assert doses.arguments_at(parameters, scale, 0.5) == parameters


@pytest.mark.parametrize(
    ("none", "message"),
    [
        ({"std": 0}, "at dose 0: dose.none: 'std' is not among the parameters; they are std_range"),
        ({"std_range": 0}, r"dose.none.std_range: found 0; numbers in the form of the configured \[0.2, 0.4\]"),
        ({"std_range": [0.0, 0.0]}, "at dose 1: GaussNoise: std_range"),
    ],
)
def test_a_wrong_scale_is_reported(none, message):
    with pytest.raises(InputError, match=message):
        doses.check(
            {"transform": "GaussNoise", "parameters": {"std_range": [0.2, 0.4]}}, {"none": none, "setting": 0.5}
        )


def test_draws_differ_and_do_not_depend_on_companions(kodak_views):
    views = views_of_study(kodak_views[:3], "color_jitter", draws=3)
    assert {variant for _, variant in views} == {"draw-1", "draw-2"}
    one, two = (views[kodak_views[1].image_id, variant].pixels for variant in ("draw-1", "draw-2"))
    assert not np.array_equal(one, two)
    alone = views_of_study(kodak_views[1:2], "color_jitter", draws=3)
    assert np.array_equal(alone[kodak_views[1].image_id, "draw-1"].pixels, one)


def test_records_hold_draw_and_arguments(kodak_views):
    """The records have the form of the main run."""
    views = views_of_study(kodak_views[:1], "blur", 2, [1])
    records = {variant: ViewRecord.from_json(view.record) for (_, variant), view in views.items()}
    assert {variant: record.draw for variant, record in records.items()} == {
        "draw-1": 1,
        "dose-0500": 0,
        "dose-1000": 0,
    }
    configured = CONFIGURED["blur"]["parameters"]
    arguments = {variant: record.steps[0].arguments for variant, record in records.items()}
    assert arguments["draw-1"] == arguments["dose-0500"] == configured
    assert arguments["dose-1000"]["blur_limit"] == [9, 25]
    assert {record.augmentation for record in records.values()} == {"blur"}


def test_an_augmentation_without_scale_has_draws_alone(kodak_views):
    assert {variant for _, variant in views_of_study(kodak_views[:1], "horizontal_flip", 2, [0.5, 1])} == {"draw-1"}


def test_a_list_has_its_first_steps_and_itself_without_each_step(kodak_views):
    """All steps that are applied draw what they draw in the main view."""
    affine = {"transform": "Affine", "parameters": {"rotate": [-30, 30]}}
    steps = [affine, {"transform": "GaussNoise", "parameters": {}}, {"transform": "GaussianBlur", "parameters": {}}]
    wanted = list(draws_and_doses.variants(steps, None, 2, [0.5, 1]))
    names = ["draw-1", "first-1", "first-2", "without-1", "without-2"]
    assert [(variant.name, variant.draw) for variant in wanted] == [(name, name == "draw-1") for name in names]
    main = Augmentation("mine", steps, 1).view_of(kodak_views[0])
    applied = {"first-1": [0], "first-2": [0, 1], "without-1": [1, 2], "without-2": [0, 2]}
    views = list(draws_and_doses.augment(kodak_views[:1], "mine", wanted[1:], 1))
    for view, (variant, numbers) in zip(views, applied.items(), strict=True):
        assert variant_names.split(view.image_id) == (kodak_views[0].image_id, variant)
        made = ViewRecord.from_json(view.record).steps
        whole = ViewRecord.from_json(main.record).steps
        assert [number for number, step in enumerate(made) if step.applied] == numbers
        if variant != "without-1":  # the noise depends on the image alone, the angle on nothing
            assert all(made[number].parameters == whole[number].parameters for number in numbers)
        pixels = kodak_views[0].pixels
        for number in numbers:
            step = whole[number]
            pixels, _ = transforms.apply(transforms.build(step.transform, step.arguments), pixels, step.seed)
        assert np.array_equal(pixels, view.pixels)
    assert variant_names.after_steps(3, 3) == variant_names.MAIN
    assert variant_names.without_step(3, 3) == variant_names.after_steps(2, 3)


def test_shards_are_the_same_bytes_every_time(tmp_path, kodak_views):
    for name in ("one.tar", "two.tar"):
        shards.write(tmp_path / name, views_of_study(kodak_views[:2], "elastic", 2, [0.5]).values())
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_keys_and_doses_are_read_back():
    assert variant_names.split(variant_names.key("a--b", "dose-0250")) == ("a--b", "dose-0250")
    assert variant_names.dose_of(variant_names.dose_name(0.25)) == 0.25
    assert variant_names.dose_of("draw-1") is None
