"""The study: doses, draws and damage, the noise floor, the split of the variance, and the audit of released flaws."""

import runpy
import sys
from itertools import combinations

import cv2
import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import PROJECT
from scipy.ndimage import gaussian_filter
from test_golden import EXPECTED, golden_picture

from embedding_shift import (
    audit,
    augmentations,
    claims_ledger,
    damage,
    dose_response,
    doses,
    embeddings,
    geometry,
    noise_floor,
    registered_metrics,
    shards,
    statistics,
    study_metrics,
    study_names,
    study_views,
    variance,
)
from embedding_shift.errors import InputError

CONFIGURED = yaml.safe_load((PROJECT / "config.yaml").read_text())["augmentations"]
DOSED = [name for name, entry in CONFIGURED.items() if "dose" in entry]
BOOTSTRAP = 200, 0.95, 1
LEDGER = """
augmentations: [noise, blur, elastic]
claims:
  - id: noise-first
    text: Noise shifts more than blur.
    source: here
    contradicted_by: Blur shifts more.
    metric: patch_similarity
    larger_shift: {more: [noise], less: [blur]}
"""


def made(originals, name, draws=1, levels=()):
    """The study's views of one augmentation, by image id and variant."""
    entry = CONFIGURED[name]
    wanted = study_views.variants(entry.get("parameters", {}), entry.get("dose"), draws, levels)
    views = study_views.augment(originals, name, entry["transform"], wanted, 1)
    return {study_names.split(view.image_id): view for view in views}


def study_table(values, metric="patch_similarity", variants=None):
    """A study table of one metric from values (images, augmentations, draws) of noise, blur, elastic, ..."""
    images, kinds, draws = values.shape
    variants = variants or [study_names.MAIN, *(study_names.draw_name(draw) for draw in range(1, draws))]
    rows = [
        (f"i{image}", list(CONFIGURED)[kind], variants[draw], metric, values[image, kind, draw])
        for image in range(images)
        for kind in range(kinds)
        for draw in range(draws)
    ]
    return pd.DataFrame(rows, columns=study_metrics.COLUMNS)


# Doses and draws


@pytest.mark.parametrize("name", DOSED)
def test_dose_0_is_the_identity(name, kodak_views):
    entry = CONFIGURED[name]
    transform = augmentations.build(entry["transform"], doses.parameters_at(entry["parameters"], entry["dose"], 0))
    for original in kodak_views[:3]:
        assert np.array_equal(augmentations.apply(transform, original.pixels, 7)[0], original.pixels)


@pytest.mark.parametrize("name", DOSED)
def test_the_setting_lies_on_the_scale(name, kodak_views):
    """The view at the setting's dose is the main view, pixel by pixel; damage grows from there to dose 1."""
    entry, originals = CONFIGURED[name], kodak_views[:4]
    setting = entry["dose"]["setting"]
    views = made(originals, name, levels=[0.1, setting, 1])
    transform = augmentations.build(entry["transform"], entry["parameters"])
    harm = {0.1: [], setting: [], 1: []}
    for original in originals:
        seed = augmentations.seed(1, original.record["image_sha256"], name)
        found = views[original.image_id, study_names.dose_name(setting)].pixels
        assert np.array_equal(found, augmentations.apply(transform, original.pixels, seed)[0])
        for level, values in harm.items():
            view = views[original.image_id, study_names.dose_name(level)]
            values.append(damage.rmse(original.pixels, view.pixels))
    means = [np.mean(harm[level]) for level in sorted(harm)]
    assert means == sorted(means)
    assert means[0] < means[-1]


def test_parameters_move_with_the_square_of_the_dose():
    parameters = {"size": [8, 16], "strength": 0.4, "fill": "random"}
    scale = {"none": {"size": [0, 0], "strength": 0.0}, "setting": 0.5}
    assert doses.parameters_at(parameters, scale, 0.25) == {"size": [2, 4], "strength": 0.1, "fill": "random"}
    assert doses.parameters_at(parameters, scale, 1) == {"size": [32, 64], "strength": 1.6, "fill": "random"}
    assert doses.parameters_at(parameters, scale, 0.5) == parameters


@pytest.mark.parametrize(
    ("none", "message"),
    [
        ({"std": 0}, "at dose 0: dose.none: 'std' is not among the parameters; they are std_range"),
        ({"std_range": 0}, r"dose.none.std_range: found 0; numbers in the form of the configured \[0.2, 0.4\]"),
        ({"std_range": [0.0, 0.0]}, "at dose 1: GaussNoise: std_range"),
    ],
)
def test_a_wrong_scale_is_told(none, message):
    with pytest.raises(InputError, match=message):
        doses.check("GaussNoise", {"std_range": [0.2, 0.4]}, {"none": none, "setting": 0.5})


def test_draws_differ_and_do_not_depend_on_companions(kodak_views):
    views = made(kodak_views[:3], "color_jitter", draws=3)
    assert {variant for _, variant in views} == {"draw-1", "draw-2"}
    one, two = (views[kodak_views[1].image_id, variant].pixels for variant in ("draw-1", "draw-2"))
    assert not np.array_equal(one, two)
    alone = made(kodak_views[1:2], "color_jitter", draws=3)
    assert np.array_equal(alone[kodak_views[1].image_id, "draw-1"].pixels, one)


def test_an_augmentation_without_scale_has_draws_alone(kodak_views):
    assert {variant for _, variant in made(kodak_views[:1], "horizontal_flip", 2, [0.5, 1])} == {"draw-1"}


def test_shards_are_the_same_bytes_every_time(tmp_path, kodak_views):
    for name in ("one.tar", "two.tar"):
        shards.write(tmp_path / name, made(kodak_views[:2], "elastic", 2, [0.5]).values())
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_keys_and_doses_are_read_back():
    assert study_names.split(study_names.key("a--b", "dose-0250")) == ("a--b", "dose-0250")
    assert study_names.dose_of(study_names.dose_name(0.25)) == 0.25
    assert study_names.dose_of("draw-1") is None


def test_images_are_chosen_by_hash_and_more_keep_the_fewer():
    rows = [{"image_id": f"i{number}"} for number in range(50)]
    few, more = study_views.choose(rows, 5), study_views.choose(rows[::-1], 20)
    assert len(few) == 5
    assert set(few) < set(more)
    assert study_views.choose(rows[:3], 5) == ["i0", "i1", "i2"]


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
    assert damage.ssim(one, two) == pytest.approx(expected.mean(), abs=1e-9)
    assert damage.ssim(two, one) == pytest.approx(damage.ssim(one, two), abs=1e-12)
    assert damage.ssim(one, one) == pytest.approx(1, abs=1e-12)


def test_damage_of_uniform_pictures_has_closed_forms():
    dark, light = (np.full((32, 32, 3), value, np.uint8) for value in (50, 150))
    assert damage.rmse(dark, light) == 100
    assert damage.ssim(dark, light) == pytest.approx((2 * 50 * 150 + 6.5025) / (50**2 + 150**2 + 6.5025), abs=1e-9)


# Dose-response and equal damage


def test_crossing_is_linear_between_doses_and_stops_at_the_highest():
    curves = np.array([[0, 10, 20, 1.0, 0.8, 0.4], [0, 2, 4, 1.0, 0.9, 0.7]])
    found, value = dose_response.crossing(np.array([0, 0.5, 1]), curves, 15)
    assert found == pytest.approx([0.75, 1])
    assert value == pytest.approx([0.6, 0.7])


def responses(slopes, images=6):
    """Study tables in which cosine similarity falls by the slope for every grey level of damage."""
    generator = np.random.default_rng(3)
    harm = np.array([0, 10, 40]) * generator.uniform(0.8, 1.2, (images, len(slopes), 1))
    harm[:, 0] *= 2  # the first augmentation does twice the damage at every dose
    variants = [study_names.dose_name(dose) for dose in (0, 0.5, 1)]
    tables = [
        study_table(harm, "rmse", variants),
        study_table(1 - harm / 100, "ssim", variants),
        study_table(1 - harm * np.array(slopes)[:, np.newaxis], "cosine_similarity", variants),
    ]
    return dose_response.responses(pd.concat(tables), list(CONFIGURED)), harm


def test_equal_damage_ranks_kinds_and_not_doses():
    """Per grey level the second shifts more; as configured the first does, by its dose."""
    found, harm = responses([0.004, 0.005])
    table = dose_response.equal_damage(found, {"noise": 1, "blur": 1}, *BOOTSTRAP)
    level = harm[:, 1, 2].mean()
    rmse = table[table["damage"] == "rmse"].set_index("augmentation")
    assert rmse["level"].to_numpy() == pytest.approx([level, level])
    assert rmse["value"].to_dict() == pytest.approx({"noise": 1 - 0.004 * level, "blur": 1 - 0.005 * level})
    assert rmse["rank"].to_dict() == {"noise": 2, "blur": 1}
    assert rmse["rank_at_setting"].to_dict() == {"noise": 1, "blur": 2}
    assert (rmse["ci_low"] <= rmse["value"]).all() and (rmse["value"] <= rmse["ci_high"]).all()
    assert table[table["damage"] == "ssim"]["level"].to_numpy() == pytest.approx([1 - level / 100] * 2)


@pytest.mark.parametrize("images", [1, 2])
def test_few_images_give_tables_without_gaps(images):
    found, _ = responses([0.004, 0.005], images)
    table = dose_response.table(found, *BOOTSTRAP)
    assert list(table.columns) == ["augmentation", "dose", "metric", "n", "mean", "ci_low", "ci_high"]
    assert (table["n"] == images).all() and not table.isna().any().any()
    ranked = dose_response.equal_damage(found, {"noise": 1, "blur": 1}, *BOOTSTRAP)
    assert len(ranked) == 4 and not ranked.isna().any().any()


def test_without_two_dosed_augmentations_nothing_is_ranked():
    found, _ = responses([0.004])
    assert dose_response.equal_damage(found, {"noise": 1}, *BOOTSTRAP).empty
    empty = dose_response.responses(study_table(np.ones((2, 1, 1))), ["noise"])
    assert dose_response.table(empty, *BOOTSTRAP).empty


# Noise floor


def test_pairs_are_resampled_by_image():
    """The mean over pairs of (x + y)/2 is the mean of the images, and so is its interval."""
    x = np.random.default_rng(0).normal(size=60)
    pairs = np.array(list(combinations(range(60), 2)))
    low, high = noise_floor.pair_interval(pairs, x[pairs].mean(axis=1), 2000, 0.95, 1)
    reference = statistics.bootstrap_mean(x, 2000, 0.95, 1)
    assert high - low == pytest.approx(reference[1] - reference[0], rel=0.1)
    assert low < x.mean() < high


@pytest.mark.parametrize("images", [1, 2, 3])
def test_noise_floor_of_few_images(images, kodak_views):
    views = list(study_views.references(kodak_views[:images]))
    pixels = {}
    for view in views:
        image_id, variant = study_names.split(view.image_id)
        pixels.setdefault(variant, {})[image_id] = view.pixels
    references = study_metrics.reference_pixel_rows(pixels["original"], pixels["jpeg_95"])
    table = noise_floor.table(references, *BOOTSTRAP)
    assert list(table.columns) == ["reference", "metric", "mean", "ci_low", "ci_high"]
    assert not table.isna().any().any()
    assert ("another_photograph" in set(table["reference"])) == (images > 1)
    jpeg = table[table["reference"] == "jpeg_95"].set_index("metric")["mean"]
    assert 0.9 < jpeg["ssim"] < 1
    assert 0 < jpeg["rmse"] < 10


def test_references_are_encoded_in_four_ways(tmp_path, monkeypatch, kodak_views):
    from small_models import write_clip_bundle

    write_clip_bundle(tmp_path / "bundle")
    shards.write(tmp_path / "references.tar", study_views.references(kodak_views[:3]))
    options = {"references": "references.tar", "bundle": "bundle", "output": "encoded.npz"}
    arguments = [f"--{name}={tmp_path / file}" for name, file in options.items()]
    arguments += ["--batch-size=4", "--threads=1", "--device=cpu"]
    monkeypatch.setattr(sys, "argv", ["encode_references.py", *arguments])
    runpy.run_path(str(PROJECT / "scripts" / "encode_references.py"), run_name="__main__")
    encoded = study_names.variants_of(*embeddings.concatenate([tmp_path / "encoded.npz"], "embedding"))
    assert set(encoded) == set(study_names.ENCODER_REFERENCES)
    again = encoded["re-encoding"][1]
    assert np.allclose(encoded["other_batch_size"][1], again, atol=1e-4)
    difference = np.abs(encoded["other_precision"][1] - again).max() / np.abs(again).max()
    assert 0 < difference < 0.05
    references = study_metrics.reference_shift_rows("embedding", encoded["re-encoding"], ([], again[:0]))
    assert set(references["reference"]) == {"another_photograph"} and len(references) == 2 * 3


# Variance


def test_effects_without_noise_are_their_own_variances():
    image, kind = np.array([1.0, 4.0, 7.0, 2.0]), np.array([0.0, 3.0, 9.0])
    values = np.repeat((image[:, np.newaxis] + kind)[..., np.newaxis], 2, axis=2)
    expected = {"image": image.var(ddof=1), "augmentation": kind.var(ddof=1), "image_by_augmentation": 0, "draw": 0}
    assert variance.components(values) == pytest.approx(expected, abs=1e-12)


def test_components_are_recovered_from_simulated_data():
    generator = np.random.default_rng(5)
    scale = {"image": 2.0, "augmentation": 3.0, "image_by_augmentation": 1.0, "draw": 0.5}
    image, kind, both, draw = (
        generator.normal(0, deviation, shape)
        for deviation, shape in zip(
            scale.values(), [(150, 1, 1), (1, 150, 1), (150, 150, 1), (150, 150, 3)], strict=True
        )
    )
    found = variance.components(image + kind + both + draw)
    assert found == pytest.approx({name: deviation**2 for name, deviation in scale.items()}, rel=0.25)


@pytest.mark.parametrize("shape", [(1, 3, 2), (2, 3, 1), (1, 3, 1), (2, 1, 2), (1, 1, 1), (1, 1, 3)])
def test_any_design_has_components(shape):
    values = np.random.default_rng(0).normal(size=shape)
    table = variance.table(study_table(values), list(CONFIGURED)[: shape[1]], shape[2])
    assert not table.isna().any().any()
    assert table.empty == (np.prod(shape) == 1)
    assert (table["variance"] >= 0).all()
    assert table["share"].sum() == pytest.approx(0 if table.empty or not table["variance"].any() else 1)


# Audit


def runs(draws=3, images=6, failure_share=0.05):
    """Runs of noise, blur and elastic in which patch similarity tells the draw, and its registered form is 1."""
    generator = np.random.default_rng(0)
    values = (
        np.array([0.2, 0.4, 0.6])[:, np.newaxis] + 0.01 * generator.random((images, 3, draws)) + 0.1 * np.arange(draws)
    )
    names = {"cosine_similarity": 0, "patch_similarity": 0, "patch_similarity_as_released": 10}
    tables = [study_table(values + extra, name) for name, extra in names.items()]
    tables.append(study_table(np.ones_like(values), "patch_similarity_registered"))
    study = pd.concat(tables).replace({"augmentation": {"color_jitter": "elastic"}})
    image_ids = np.array([f"i{number}" for number in range(images)])
    vectors = [
        {name: (image_ids, generator.normal(size=(images, 4))) for name in ("noise", "blur", "elastic")}
        for _ in range(draws)
    ]
    return audit.Runs(study, vectors, (image_ids, np.ones((images, 4))), failure_share, 1)


def means_of(table, flaw, metric="patch_similarity"):
    return table[(table["flaw"] == flaw) & (table["metric"] == metric)].set_index("augmentation")


def test_each_flaw_is_a_switch_of_its_own():
    table = audit.table(runs())
    assert list(table.columns) == ["flaw", "augmentation", "metric", "as_released", "corrected"]
    shifts = {
        flaw: (means_of(table, flaw)["as_released"] - means_of(table, flaw)["corrected"]).mean()
        for flaw in audit.SINGLE_FLAWS
    }
    assert shifts["wrapped_arithmetic"] == pytest.approx(10)
    assert shifts["new_draws"] == pytest.approx(0.1, abs=0.01)
    assert shifts["unseeded"] == pytest.approx(0.1, abs=0.01)
    assert shifts["unregistered_geometry"] == pytest.approx(-0.6, abs=0.01)
    cosine = means_of(table, "unseeded", "cosine_similarity")
    assert (cosine["as_released"] - cosine["corrected"]).mean() == pytest.approx(0.1, abs=0.01)
    assert means_of(table, "new_draws", "cosine_similarity").empty


def test_all_flaws_add_up():
    """Embeddings of draw 1, pixels of draw 2 in 8 bits, against the registered main view."""
    table = audit.table(runs(failure_share=0))
    patch, cosine = means_of(table, "all"), means_of(table, "all", "cosine_similarity")
    assert patch["corrected"].to_numpy() == pytest.approx(1)
    assert patch["as_released"].to_numpy() == pytest.approx([10.4, 10.6, 10.8], abs=0.01)
    assert (cosine["as_released"] - cosine["corrected"]).to_numpy() == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(("share", "replaced"), [(0, 0), (0.01, 1), (0.5, 9), (1, 18)])
def test_failures_are_replaced_by_the_image_itself(share, replaced):
    """At least one view of 6 × 3, in numbers and embeddings alike."""
    table, vectors = runs(failure_share=share).as_released("failures_replaced")
    for metric in ("cosine_similarity", "patch_similarity"):
        assert (table[table["metric"] == metric]["value"] == 1).sum() == replaced
    assert sum((array == 1).all(axis=1).sum() for _, array in vectors.values()) == replaced


def test_one_draw_shows_no_other_draw():
    assert set(audit.table(runs(draws=1))["flaw"]) == set(audit.FLAWS) - {"new_draws", "unseeded"}


def test_ranks_tell_a_reversed_order():
    table = pd.DataFrame(
        [("all", name, "patch_similarity", *pair) for name, *pair in (("a", 1, 3), ("b", 2, 2), ("c", 3, 1))],
        columns=audit.COLUMNS,
    )
    (row,) = audit.ranks(table).itertuples(index=False)
    assert tuple(row) == ("all", "patch_similarity", -1, 2)


def test_a_claim_changes_its_verdict(tmp_path):
    (tmp_path / "claims.yaml").write_text(LEDGER)
    ledger = claims_ledger.read(tmp_path / "claims.yaml")
    table = audit.verdicts(runs(failure_share=1), ledger, 200, 0.95).set_index("flaw")
    assert list(table.columns) == ["claim", "corrected", "as_released"]
    assert tuple(table.loc["failures_replaced"]) == ("noise-first", "supported", "not resolved")
    assert tuple(table.loc["new_draws"]) == ("noise-first", "supported", "supported")


@pytest.mark.parametrize("images", [1, 2])
def test_the_audit_of_few_images_has_no_gaps(images, tmp_path):
    (tmp_path / "claims.yaml").write_text(LEDGER)
    few = runs(images=images)
    verdicts = audit.verdicts(few, claims_ledger.read(tmp_path / "claims.yaml"), 200, 0.95)
    for table in (audit.table(few), audit.ranks(audit.table(few)), verdicts):
        assert len(table) and not table.isna().any().any()
    assert set(verdicts["corrected"]) == {"not resolved"}


def test_the_audit_reproduces_the_released_patch_values():
    """From the golden pictures to the table, over the three images of each augmentation."""
    rows = []
    for row in EXPECTED["pixel_metrics"]:
        original, view = (golden_picture(row["image"], name) for name in ("original", row["augmentation"]))
        values = study_metrics.pixel_rows({row["image"]: original}, [unmoved(row["image"], view)], row["augmentation"])
        rows.append(values.assign(variant=study_names.MAIN))
    expected = pd.DataFrame(EXPECTED["pixel_metrics"]).groupby("augmentation").mean(numeric_only=True)
    none = {name: (np.array([]), np.zeros((0, 2))) for name in expected.index}
    table = audit.table(audit.Runs(pd.concat(rows), [none], (np.array([]), np.zeros((0, 2))), 0.05, 1))
    found = means_of(table, "wrapped_arithmetic")
    assert found["as_released"].to_dict() == pytest.approx(expected["patch_similarity_as_released"].to_dict(), abs=1e-9)
    assert found["corrected"].to_dict() == pytest.approx(expected["patch_similarity"].to_dict(), abs=1e-9)


def unmoved(image_id, pixels):
    """A view whose record tells of a transform that moves no pixel."""
    record = {"seed": 1, "transform": "GaussNoise", "arguments": {"std_range": [0.1, 0.2]}}
    return shards.View(study_names.key(image_id, "draw-1"), pixels, record)


# Measuring the study's views


def test_views_of_the_study_are_measured_with_their_own_geometry(kodak_views):
    originals = kodak_views[:1]
    views = made(originals, "shift_scale_rotate", 2, [0.25, 1]).values()
    image_id, pixels = originals[0].image_id, originals[0].pixels
    rows = study_metrics.pixel_rows({image_id: pixels}, views, "shift_scale_rotate")
    values = rows.set_index(["variant", "metric"])["value"]
    assert set(rows["variant"]) == {"draw-1", "dose-0000", "dose-0250", "dose-1000"}
    for variant in ("draw-1", "dose-0250", "dose-1000"):
        assert values[variant, "patch_similarity_registered"] > 0.999 > values[variant, "patch_similarity"]
    assert values["dose-0000", "rmse"] == 0
    assert values["dose-0000", "detail_preservation"] == 1


def test_attention_of_the_study_is_registered_by_view(kodak_views):
    """A flipped map is the same map once the flip is undone."""
    image_id = kodak_views[0].image_id
    attention = np.random.default_rng(0).random((1, 2, 7, 7), dtype=np.float32)
    views = list(made(kodak_views[:1], "horizontal_flip", 2).values())
    rows = study_metrics.registered_attention_rows(
        (np.array([image_id]), attention),
        ([views[0].image_id], attention[..., ::-1]),
        views,
        "horizontal_flip",
        (224, 224),
    )
    expected = registered_metrics.attention_similarity(
        attention[0], attention[0], geometry.Correspondence.identity((224, 224))
    )
    assert rows["value"].to_list() == pytest.approx([expected], abs=1e-6)
