"""The metrics: golden values computed independently from the formulae, and the properties that the formulae promise."""

import numpy as np
import pytest
from golden import EXPECTED, GOLDEN, golden_picture
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from embedding_shift.metrics import pixel_metrics, registered_metrics, registry, representation_metrics

PIXEL_METRICS = ("patch_similarity", "patch_similarity_as_released", "edge_preservation", "detail_preservation")
BLACK, GREY, WHITE = (np.full((32, 32, 3), value, np.uint8) for value in (0, 128, 255))

pictures = arrays.arrays(np.uint8, (32, 32, 3), elements=st.integers(0, 255), fill=st.integers(0, 255))
pairs_of_embeddings = arrays.arrays(np.float32, (2, 3, 8), elements=st.floats(-100, 100, width=32))
pairs_of_attention = arrays.arrays(np.float32, (2, 1, 2, 7, 7), elements=st.floats(0, 1, width=32))
quick = settings(max_examples=50, deadline=None)


@pytest.mark.parametrize("row", EXPECTED["pixel_metrics"], ids=lambda row: f"{row['image']}-{row['augmentation']}")
def test_pixel_metrics_match_the_golden_values(row):
    original, augmented = (golden_picture(row["image"], view) for view in ("original", row["augmentation"]))
    found = {name: registry.REGISTRY[name].function(original, augmented) for name in PIXEL_METRICS}
    assert found == pytest.approx({name: row[name] for name in PIXEL_METRICS}, abs=1e-9, rel=0)


def test_golden_values_cover_every_augmentation():
    assert len(EXPECTED["pixel_metrics"]) == 27


def test_attention_similarity_matches_the_golden_values():
    maps = np.load(GOLDEN / "attention_maps.npz")
    found = representation_metrics.attention_similarity(maps["original"][:, None], maps["augmented"][:, None])
    np.testing.assert_allclose(found, EXPECTED["attention_similarity"], atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["cosine_similarity", "l2_distance"])
def test_embedding_metrics_match_the_golden_values(name):
    embeddings = np.load(GOLDEN / "embeddings.npz")
    found = registry.REGISTRY[name].function(embeddings["original"], embeddings["augmented"])
    np.testing.assert_allclose(found, EXPECTED[name], atol=1e-9, rtol=0)


def test_registry_names_every_metric_once_and_in_order():
    assert registered_metrics.patch_similarity is registry.REGISTRY["patch_similarity_registered"].function
    assert [metric.name for metric in registry.in_order()] == [
        "cosine_similarity",
        "l2_distance",
        "attention_similarity",
        "patch_similarity",
        "edge_preservation",
        "detail_preservation",
        "patch_similarity_as_released",
        "patch_similarity_registered",
        "edge_preservation_registered",
        "detail_preservation_registered",
        "attention_similarity_registered",
    ]


def test_a_new_metric_is_one_registered_function(monkeypatch):
    monkeypatch.setattr(registry, "REGISTRY", dict(registry.REGISTRY))

    @registry.register("mean_shift", "Mean shift", "pixels", higher_is_closer=False)
    def mean_shift(original, augmented):
        return float(augmented.mean() - original.mean())

    assert registry.of_kind("pixels")[-1].function is mean_shift
    assert registry.REGISTRY["mean_shift"].label == "Mean shift"


@quick
@given(pictures, pictures)
def test_pixel_metrics_stay_in_their_range(original, augmented):
    assert 0.5 <= pixel_metrics.patch_similarity(original, augmented) <= 1
    assert 0.5 <= pixel_metrics.patch_similarity_as_released(original, augmented) <= 1
    assert 0 <= pixel_metrics.edge_preservation(original, augmented) <= 1
    detail = pixel_metrics.detail_preservation(original, augmented)
    assert np.isnan(detail) or 0 <= detail <= 1


@quick
@given(pictures)
def test_an_image_is_perfectly_similar_to_itself(picture):
    assert pixel_metrics.patch_similarity(picture, picture) == 1
    assert pixel_metrics.patch_similarity_as_released(picture, picture) == 1
    assert pixel_metrics.edge_preservation(picture, picture) == 1
    detail = pixel_metrics.detail_preservation(picture, picture)
    assert np.isnan(detail) or detail == 1


@quick
@given(pictures, pictures)
def test_patch_and_edge_metrics_are_symmetric(first, second):
    for metric in (pixel_metrics.patch_similarity, pixel_metrics.edge_preservation):
        assert metric(first, second) == pytest.approx(metric(second, first), abs=1e-12)


def test_patch_similarity_of_black_and_white_is_one_half():
    assert pixel_metrics.patch_similarity(BLACK, WHITE) == 0.5


def test_released_patch_similarity_wraps():
    """255 − 0 squares to 1 in 8 bits, so that black and white count as nearly equal."""
    assert pixel_metrics.patch_similarity_as_released(BLACK, WHITE) == pytest.approx(1 / (1 + 1 / 255**2), abs=1e-15)


def test_uniform_pictures_have_no_edges_and_no_detail():
    assert pixel_metrics.edge_preservation(GREY, WHITE) == 1
    assert np.isnan(pixel_metrics.detail_preservation(GREY, WHITE))


def test_a_black_view_keeps_no_detail():
    texture = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert pixel_metrics.detail_preservation(texture, BLACK) == 0
    edges = pixel_metrics.edge_strength(texture)
    expected = 1 - edges.mean(dtype=np.float64) / edges.max()
    assert pixel_metrics.edge_preservation(texture, BLACK) == pytest.approx(expected, abs=1e-9)


def test_patches_without_detail_in_the_original_do_not_count():
    half = GREY.copy()
    half[:, :16] = np.random.default_rng(0).integers(0, 256, (32, 16, 3), dtype=np.uint8)
    changed = half.copy()
    changed[:, 16:] = np.random.default_rng(1).integers(0, 256, (32, 16, 3), dtype=np.uint8)
    assert pixel_metrics.detail_preservation(half, changed) == 1


@pytest.mark.parametrize("size", [3, 5, 37, 224])
def test_patch_errors_are_exact_with_and_without_a_mask(size):
    generator = np.random.default_rng(size)
    first, second = generator.integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    valid = generator.random((size, size)) < 0.5
    squares = ((first.astype(int) - second) ** 2).sum(axis=2)
    length = size // 4
    patches = [np.s_[y * length : (y + 1) * length, x * length : (x + 1) * length] for y in range(4) for x in range(4)]
    for inside, mask in ((None, np.ones_like(valid)), (valid, valid)):
        expected = [squares[p][mask[p]].sum() / max(mask[p].sum(), 1) / 3 for p in patches]
        assert pixel_metrics.patch_errors(first, second, 4, inside).tolist() == expected


@pytest.mark.parametrize("lowest", [0, 254])
@pytest.mark.parametrize("size", [5, 37, 224])
def test_patch_deviations_are_exact_also_where_pixels_hardly_differ(size, lowest):
    generator = np.random.default_rng(size)
    picture = generator.integers(lowest, 256, (size, size, 3), dtype=np.uint8)
    picture[: size // 2] = 255
    valid = generator.random((size, size)) < 0.5
    length = size // 8
    patches = [np.s_[y * length : (y + 1) * length, x * length : (x + 1) * length] for y in range(8) for x in range(8)]
    grey = picture.astype(int) @ [299, 587, 114]
    for inside, mask in ((None, np.ones_like(valid)), (valid, valid)):
        expected = [whole_number_deviation(grey[patch][mask[patch]].tolist()) / 1000 for patch in patches]
        found = pixel_metrics.patch_deviations(picture, 8, inside)
        np.testing.assert_allclose(found, expected, rtol=1e-14, atol=0)
        assert pixel_metrics.is_textured(picture, 8, mask) == (max(expected) >= pixel_metrics.SMALLEST_DEVIATION)


def whole_number_deviation(values):
    """The standard deviation of whole numbers, computed without rounding up to the root; 0 for none."""
    count = len(values) or 1
    return np.sqrt((count * sum(value**2 for value in values) - sum(values) ** 2) / count**2)


@pytest.mark.parametrize("size", [5, 224])
def test_registered_metrics_of_a_pure_warp_are_exactly_one(size):
    generator = np.random.default_rng(size)
    view = generator.integers(0, 256, (size, size, 3), dtype=np.uint8)
    valid = generator.random((size, size)) < 0.9
    valid[: size // 2, : size // 2] = True
    for metric in registry.of_kind("registered_pixels"):
        value = metric.function(view, view, valid)
        assert value == 1 or (size == 5 and np.isnan(value)), metric.name


def test_sizes_that_the_grids_do_not_divide_are_measured():
    texture = np.random.default_rng(0).integers(0, 256, (37, 37, 3), dtype=np.uint8)
    assert all(metric.function(texture, texture) == 1 for metric in registry.of_kind("pixels"))


@quick
@given(pairs_of_embeddings)
def test_embedding_metrics_stay_in_their_range_and_are_symmetric(pair):
    first, second = pair
    cosine, distance = (
        representation_metrics.cosine_similarity(first, second),
        representation_metrics.l2_distance(first, second),
    )
    defined = (np.linalg.norm(first.astype(float), axis=1) * np.linalg.norm(second.astype(float), axis=1)) > 0
    assert np.array_equal(np.isnan(cosine), ~defined)
    assert (np.abs(cosine[defined]) <= 1 + 1e-12).all()
    assert (distance >= 0).all()
    np.testing.assert_allclose(representation_metrics.cosine_similarity(second, first), cosine, atol=1e-12)
    np.testing.assert_array_equal(representation_metrics.l2_distance(second, first), distance)


@quick
@given(arrays.arrays(np.float32, (3, 8), elements=st.floats(1, 100, width=32)), st.floats(0.125, 8, width=32))
def test_cosine_similarity_ignores_length_and_l2_does_not(embedding, factor):
    np.testing.assert_allclose(
        representation_metrics.cosine_similarity(embedding, embedding * np.float32(factor)), 1, atol=1e-6
    )
    lengths = np.linalg.norm(embedding.astype(float), axis=1)
    scaled = representation_metrics.l2_distance(embedding, embedding * np.float32(factor))
    np.testing.assert_allclose(scaled, abs(factor - 1) * lengths, rtol=1e-4, atol=1e-3)


@quick
@given(pairs_of_attention)
def test_attention_similarity_stays_in_its_range(pair):
    first, second = pair
    similarity = representation_metrics.attention_similarity(first, second)
    assert ((similarity >= 0.5) & (similarity <= 1)).all()
    np.testing.assert_allclose(representation_metrics.attention_similarity(second, first), similarity, atol=1e-12)
    np.testing.assert_array_equal(representation_metrics.attention_similarity(first, first), 1)


@pytest.mark.parametrize("shape", [(7, 7), (2, 3), (16, 16), (27, 27), (230, 240)])
def test_attention_similarity_is_the_mean_over_the_pixels_of_upsampled_maps(shape):
    first, second = np.random.default_rng(0).random((2, 5, 2, *shape), dtype=np.float32) ** 4
    second[0], second[1, :, 0, 0] = 0.3, np.nan  # A constant map counts as zero everywhere.
    maps = [[representation_metrics.attention_map(one) for one in each] for each in (first, second)]
    expected = [1 / (1 + np.mean((before - after) ** 2)) for before, after in zip(*maps, strict=True)]
    found = representation_metrics.attention_similarity(first, second)
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    assert np.isnan(found[1]) and (found[2:] < 1).all()


def test_attention_map_is_scaled_and_constant_attention_is_nothing():
    ramp = np.arange(2 * 49, dtype=np.float32).reshape(2, 7, 7)
    scaled = representation_metrics.attention_map(ramp)
    assert scaled.shape == (224, 224)
    assert (scaled.min(), scaled.max()) == (0, 1)
    assert not representation_metrics.attention_map(np.full((2, 7, 7), 0.3, np.float32)).any()


def test_attention_map_is_the_mean_over_heads():
    """Two heads that look at opposite corners make a map of two corners; a third that is even changes nothing."""
    heads = np.zeros((3, 7, 7), np.float32)
    heads[0, 0, 0], heads[1, 6, 6], heads[2] = 0.9, 0.3, 0.5
    scaled = representation_metrics.attention_map(heads)
    assert scaled[0, 0] == 1
    assert scaled[-1, -1] == pytest.approx(1 / 3)
