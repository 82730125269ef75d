"""The views and references of the study: doses, draws, damage, noise floor and measurements."""

import runpy
import sys
from itertools import combinations

import cv2
import numpy as np
import pandas as pd
import pytest
import yaml
from pipeline import PROJECT
from scipy.ndimage import gaussian_filter
from study_tables import BOOTSTRAP

from embedding_shift.config.entries import steps_of
from embedding_shift.errors import InputError
from embedding_shift.io import array_files, shards
from embedding_shift.metrics import registered_metrics
from embedding_shift.statistics import bootstrap
from embedding_shift.study import noise_floor, references, study_metrics, study_pixels, study_views, variant_names
from embedding_shift.views import doses, image_difference, transforms
from embedding_shift.views.correspondence import Correspondence
from embedding_shift.views.view_record import ViewRecord

CONFIGURED = yaml.safe_load((PROJECT / "config.yaml").read_text())["augmentations"]
DOSED = [name for name, entry in CONFIGURED.items() if "dose" in entry]


def made(originals, name, draws=1, levels=()):
    """The study's views of one augmentation, by image id and variant."""
    entry = CONFIGURED[name]
    wanted = study_views.variants(steps_of(entry), entry.get("dose"), draws, levels)
    views = study_views.augment(originals, name, wanted, 1)
    return {variant_names.split(view.image_id): view for view in views}


# Doses and draws


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
    views = made(originals, name, levels=[0.1, 1])
    transform = transforms.build(entry["transform"], entry["parameters"])
    harm = {0.1: [], setting: [], 1: []}
    for original in originals:
        seed = transforms.seed(1, original.record["image_sha256"], name)
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
    views = made(kodak_views[:3], "color_jitter", draws=3)
    assert {variant for _, variant in views} == {"draw-1", "draw-2"}
    one, two = (views[kodak_views[1].image_id, variant].pixels for variant in ("draw-1", "draw-2"))
    assert not np.array_equal(one, two)
    alone = made(kodak_views[1:2], "color_jitter", draws=3)
    assert np.array_equal(alone[kodak_views[1].image_id, "draw-1"].pixels, one)


def test_records_hold_draw_and_arguments(kodak_views):
    """The records have the form of the main run."""
    views = made(kodak_views[:1], "blur", 2, [1])
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
    assert {variant for _, variant in made(kodak_views[:1], "horizontal_flip", 2, [0.5, 1])} == {"draw-1"}


def test_shards_are_the_same_bytes_every_time(tmp_path, kodak_views):
    for name in ("one.tar", "two.tar"):
        shards.write(tmp_path / name, made(kodak_views[:2], "elastic", 2, [0.5]).values())
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_keys_and_doses_are_read_back():
    assert variant_names.split(variant_names.key("a--b", "dose-0250")) == ("a--b", "dose-0250")
    assert variant_names.dose_of(variant_names.dose_name(0.25)) == 0.25
    assert variant_names.dose_of("draw-1") is None


def test_images_are_chosen_by_hash_and_more_keep_the_fewer():
    rows = [{"image_id": f"i{number}"} for number in range(50)]
    few, more = references.choose(rows, 5), references.choose(rows[::-1], 20)
    assert len(few) == 5
    assert set(few) < set(more)
    assert references.choose(rows[:3], 5) == ["i0", "i1", "i2"]


# Damage


def test_ssim_agrees_with_its_formula_and_another_filter(kodak_views):
    one, two = kodak_views[0].pixels, cv2.GaussianBlur(kodak_views[0].pixels, (9, 9), 2)
    x, y = (picture.astype(float) @ (0.299, 0.587, 0.114) for picture in (one, two))

    def mean(array):
        return gaussian_filter(array, 1.5, truncate=3.5)[5:-5, 5:-5]

    variances = mean(x * x) - mean(x) ** 2 + mean(y * y) - mean(y) ** 2
    covariance = mean(x * y) - mean(x) * mean(y)
    c1, c2 = 6.5025, 58.5225
    expected = (2 * mean(x) * mean(y) + c1) * (2 * covariance + c2)
    expected /= (mean(x) ** 2 + mean(y) ** 2 + c1) * (variances + c2)
    assert image_difference.ssim(one, two) == pytest.approx(expected.mean(), abs=1e-9)
    assert image_difference.ssim(two, one) == pytest.approx(image_difference.ssim(one, two), abs=1e-12)
    assert image_difference.ssim(one, one) == pytest.approx(1, abs=1e-12)


def test_damage_of_uniform_pictures_has_closed_forms():
    dark, light = (np.full((32, 32, 3), value, np.uint8) for value in (50, 150))
    assert image_difference.rmse(dark, light) == 100
    assert image_difference.ssim(dark, light) == pytest.approx(
        (2 * 50 * 150 + 6.5025) / (50**2 + 150**2 + 6.5025), abs=1e-9
    )


# Noise floor


def test_pairs_are_resampled_by_image():
    """The mean over pairs of (x + y)/2 is the mean of the images, and so is its interval."""
    x = np.random.default_rng(0).normal(size=60)
    pairs = np.array(list(combinations(range(60), 2)))
    low, high = noise_floor.pair_interval(pairs, x[pairs].mean(axis=1), 2000, 0.95, 1)
    reference = bootstrap.bootstrap_mean(x, 2000, 0.95, 1)
    assert high - low == pytest.approx(reference[1] - reference[0], rel=0.1)
    assert low < x.mean() < high


@pytest.mark.parametrize("images", [1, 2, 3])
def test_noise_floor_of_few_images(images, kodak_views):
    views = list(references.references(kodak_views[:images], kodak_views[:images]))
    pixels = {}
    for view in views:
        image_id, variant = variant_names.split(view.image_id)
        pixels.setdefault(variant, {})[image_id] = view.pixels
    rows = study_pixels.reference_pixel_rows(pixels["original"], pixels["jpeg_95"])
    table = noise_floor.table(rows, *BOOTSTRAP)
    assert list(table.columns) == ["reference", "metric", "mean", "ci_low", "ci_high"]
    assert not table.drop(columns=["ci_low", "ci_high"]).isna().any().any()
    alone = table["reference"].eq("another_photograph") if images == 2 else pd.Series(images == 1, table.index)
    assert table["ci_low"].isna().equals(alone), "one image, or one pair of images, has no interval"
    assert ("another_photograph" in set(table["reference"])) == (images > 1)
    jpeg = table[table["reference"] == "jpeg_95"].set_index("metric")["mean"]
    assert 0.9 < jpeg["ssim"] < 1
    assert 0 < jpeg["rmse"] < 10


def test_references_are_encoded_in_four_ways(tmp_path, monkeypatch, kodak_views):
    from small_models import write_clip_bundle

    write_clip_bundle(tmp_path / "bundle")
    shards.write(tmp_path / "references.tar", references.references(kodak_views[:3], kodak_views[3:6]))
    options = {"references": "references.tar", "bundle": "bundle", "output": "encoded.npz"}
    arguments = [f"--{name}={tmp_path / file}" for name, file in options.items()]
    arguments += ["--batch-size=4", "--threads=1", "--device=cpu"]
    monkeypatch.setattr(sys, "argv", ["encode_references.py", *arguments])
    runpy.run_path(str(PROJECT / "scripts" / "encode_references.py"))["main"]()
    encoded = variant_names.variants_of(*array_files.concatenate([tmp_path / "encoded.npz"], "embedding"))
    assert set(encoded) == {*variant_names.ENCODER_REFERENCES, variant_names.OTHER_RESIZE}
    assert not np.allclose(encoded[variant_names.OTHER_RESIZE][1], encoded["re-encoding"][1], atol=0.01)
    again = encoded["re-encoding"][1]
    assert np.allclose(encoded["other_batch_size"][1], again, atol=1e-4)
    difference = np.abs(encoded["other_precision"][1] - again).max() / np.abs(again).max()
    assert 0 < difference < 0.05
    rows = study_metrics.reference_shift_rows("embedding", encoded["re-encoding"], ([], again[:0]))
    assert set(rows["reference"]) == {"another_photograph"} and len(rows) == 2 * 3


# Measuring the study's views


def test_views_of_the_study_are_measured_with_their_own_geometry(kodak_views):
    originals = kodak_views[:1]
    views = made(originals, "shift_scale_rotate", 2, [0.25, 1]).values()
    image_id, pixels = originals[0].image_id, originals[0].pixels
    rows = study_pixels.pixel_rows({"original": {image_id: pixels}}, views, "shift_scale_rotate")
    values = rows.set_index(["variant", "metric"])["value"]
    made_here = {"draw-1", "dose-0250", "dose-0500", "dose-1000"}  # 0.5 is the configured setting
    assert set(rows["variant"]) == made_here | {"dose-0000"}
    for variant in made_here:
        assert values[variant, "patch_similarity_registered"] > 0.999 > values[variant, "patch_similarity"]
    assert values["dose-0000", "rmse"] == 0
    assert values["dose-0000", "detail_preservation"] == 1


def test_attention_of_the_study_is_registered_by_view(kodak_views):
    """A flipped map is the same map once the flip is undone."""
    image_id = kodak_views[0].image_id
    attention = np.random.default_rng(0).random((1, 2, 7, 7), dtype=np.float32)
    views = list(made(kodak_views[:1], "horizontal_flip", 2).values())
    rows = study_metrics.registered_attention_rows(
        {"original": (np.array([image_id]), attention)},
        ([views[0].image_id], attention[..., ::-1]),
        {view.image_id: view.record for view in views},
        "horizontal_flip",
    )
    expected = registered_metrics.attention_similarity(attention[0], attention[0], Correspondence.identity((224, 224)))
    assert rows["value"].to_list() == pytest.approx([expected], abs=1e-6)
