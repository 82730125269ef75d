"""Metrics of stored views: the geometry is undone by the records in the shards."""

import numpy as np
import pytest
import yaml
from pipeline import PROJECT

from embedding_shift.config.entries import steps_of
from embedding_shift.errors import InputError
from embedding_shift.io import shards
from embedding_shift.metrics import evaluate, stored_views
from embedding_shift.views import augment, geometry, transforms

CONFIGURED = yaml.safe_load((PROJECT / "config.yaml").read_text())["augmentations"]
NAMES = ("noise", "horizontal_flip", "perspective")


@pytest.fixture
def stored(tmp_path, kodak_views):
    """Two shards of originals and of each augmentation's views: {name: paths}."""
    paths = {name: [tmp_path / name / f"{number}.tar" for number in range(2)] for name in ("original", *NAMES)}
    for number in range(2):
        originals = kodak_views[number:5:2]
        shards.write(paths["original"][number], originals)
        for name in NAMES:
            entry = CONFIGURED[name]
            views = augment.augment(originals, name, steps_of(entry), 3)
            shards.write(paths[name][number], views)
    return paths


def correspondence(view, name):
    """The Correspondence of a view, found without its record."""
    transform = transforms.build(CONFIGURED[name]["transform"], CONFIGURED[name].get("parameters", {}))
    seed = transforms.seed(3, view.record["image_sha256"], name)
    return geometry.trace_pixels([(transform, seed)], (224, 224)) if geometry.moves_pixels(transform) else None


@pytest.mark.parametrize("name", NAMES)
def test_pixel_metrics_undo_the_geometry_of_the_record(stored, name):
    image_ids, values = stored_views.pixel_metrics(stored["original"][0], stored[name][0])
    pairs = list(zip(shards.read(stored["original"][0]), shards.read(stored[name][0]), strict=True))
    assert image_ids == [view.image_id for view, _ in pairs]
    expected = [dict(_named(evaluate.of_pixels(a.pixels, b.pixels, correspondence(b, name)))) for a, b in pairs]
    assert values.keys() == expected[0].keys()
    for metric, column in values.items():
        np.testing.assert_array_equal(column, [row[metric] for row in expected])


def _named(values):
    return ((metric.name, value) for metric, value in values)


@pytest.mark.parametrize("name", NAMES)
def test_registered_attention_finds_the_record_of_every_image_in_any_shard(stored, name):
    views = {view.image_id: view for path in stored[name] for view in shards.read(path)}
    image_ids = np.array(sorted(views))
    before, after = np.random.default_rng(0).random((2, len(views), 3, 7, 7), dtype=np.float32)
    found = stored_views.registered_attention(image_ids, before, after, stored[name])
    correspondences = [correspondence(views[image_id], name) for image_id in image_ids]
    expected = evaluate.of_registered_attention(before, after, correspondences)
    np.testing.assert_array_equal(found["attention_similarity_registered"], expected["attention_similarity_registered"])


def test_an_image_without_a_view_is_named(stored):
    maps = np.ones((1, 1, 7, 7), np.float32)
    with pytest.raises(InputError, match="no view of image 'other' in the shards"):
        stored_views.registered_attention(["other"], maps, maps, stored["noise"])


def test_shards_of_different_images_are_refused(stored):
    with pytest.raises(InputError, match=r"noise/1\.tar holds 'kodim02' where .*original/0\.tar holds 'kodim01'"):
        stored_views.pixel_metrics(stored["original"][0], stored["noise"][1])
