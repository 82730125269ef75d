"""Metrics of stored views: the geometry is undone by the records in the shards."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
import yaml
from pipeline import PROJECT

from embedding_shift.config.entries import steps_of
from embedding_shift.errors import InputError
from embedding_shift.io import array_files, shards
from embedding_shift.io.array_store import Store
from embedding_shift.metrics import evaluate, stored_views
from embedding_shift.views import augment, geometry, seeds, transforms

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
    seed = seeds.seed(3, view.record["image_sha256"], name)
    return geometry.trace_pixels([(transform, seed)], (224, 224)) if geometry.moves_pixels(transform) else None


@pytest.mark.parametrize("name", NAMES)
def test_pixel_metrics_undo_the_geometry_of_the_record(stored, name):
    image_ids, (values,) = stored_views.pixel_metrics(stored["original"][0], [stored[name][0]])
    pairs = list(zip(shards.read(stored["original"][0]), shards.read(stored[name][0]), strict=True))
    assert image_ids == [view.image_id for view, _ in pairs]
    expected = [dict(_named(evaluate.of_pixels(a.pixels, b.pixels, correspondence(b, name)))) for a, b in pairs]
    assert values.keys() == expected[0].keys()
    for metric, column in values.items():
        np.testing.assert_array_equal(column, [row[metric] for row in expected])


def test_views_that_are_measured_together_have_the_values_of_views_measured_alone(stored):
    together = stored_views.pixel_metrics(stored["original"][1], [stored[name][1] for name in NAMES])
    for name, values in zip(NAMES, together[1], strict=True):
        image_ids, (expected,) = stored_views.pixel_metrics(stored["original"][1], [stored[name][1]])
        assert together[0] == image_ids
        np.testing.assert_equal(values, expected)


@pytest.mark.parametrize("processes", [2, 5])
def test_processes_that_share_the_images_find_the_values_of_one(stored, encoded, tmp_path, processes):
    """There are three images, so that some processes have more than others or none."""
    paths = [stored[name][0] for name in ("original", *NAMES)]
    outputs = [tmp_path / "values" / f"{name}.npz" for name in NAMES]
    npz = [encoded(path, seed) for seed, path in enumerate(paths)]
    options = {
        "compute_pixel_metrics": {"originals": paths[:1], "views": paths[1:], "augmentations": NAMES},
        "compute_representation_metrics": {"original": npz[:1], "augmented": npz[1:]},
    }
    expected = {
        "compute_pixel_metrics": stored_views.pixel_metrics(paths[0], paths[1:]),
        "compute_representation_metrics": stored_views.representation_metrics(npz[0], npz[1:]),
    }
    for script, (image_ids, columns_of_each) in expected.items():
        files = options[script] | {"output": outputs, "threads": [processes]}
        words = [str(word) for name, values in files.items() for word in (f"--{name}", *values)]
        subprocess.run([sys.executable, PROJECT / "scripts" / f"{script}.py", *words], check=True)
        for output, columns in zip(outputs, columns_of_each, strict=True):
            found = array_files.read(output)
            assert list(found.pop("image_id")) == image_ids
            np.testing.assert_equal(found, columns)


def test_a_damaged_output_of_the_encoder_is_named_although_several_processes_read_it(stored, encoded, tmp_path):
    npz = [encoded(stored[name][0], seed) for seed, name in enumerate(("original", "noise"))]
    npz[1].write_bytes(npz[1].read_bytes()[:-200])
    script = PROJECT / "scripts" / "compute_representation_metrics.py"
    files = ["--original", npz[0], "--augmented", npz[1], "--output", tmp_path / "values.npz"]
    done = subprocess.run([sys.executable, script, *files, "--threads", "8"], capture_output=True, text=True)
    assert done.returncode == 1
    assert f"error: {npz[1]} is damaged: " in done.stderr


def test_an_output_of_the_encoder_without_records_is_refused(stored, encoded):
    npz = [encoded(stored[name][0], seed) for seed, name in enumerate(("original", "noise"))]
    arrays = array_files.read(npz[1])
    del arrays["record"]
    array_files.write_arrays(npz[1], **arrays)
    with pytest.raises(InputError, match=r"1\.npz has no records of views"):
        stored_views.representation_metrics(npz[0], npz[1:])


def test_the_edges_of_an_image_are_found_once_for_all_its_views(stored, monkeypatch):
    computed = []
    add = cv2.add
    monkeypatch.setattr(cv2, "add", lambda down, right, out: computed.append(down) or add(down, right, out))
    image_ids, _ = stored_views.pixel_metrics(stored["original"][0], [stored[name][0] for name in NAMES])
    # Of the original and of each view; those of a warped original that equals its view are not needed.
    assert len(computed) == len(image_ids) * (1 + len(NAMES))


def test_stored_values_are_found_again_and_follow_pixels_and_record(stored, tmp_path, monkeypatch):
    paths = stored["original"][0], stored["perspective"][0]
    image_ids, (by_metric,) = stored_views.pixel_metrics(paths[0], paths[1:])
    expected = image_ids, {name: list(column) for name, column in by_metric.items()}
    measured = []
    of_pixels = evaluate.of_pixels
    monkeypatch.setattr(evaluate, "of_pixels", lambda *given: measured.append(given) or of_pixels(*given))

    def values():
        measured.clear()
        image_ids, (found,) = stored_views.pixel_metrics(paths[0], paths[1:], [Store(tmp_path / "store")])
        return image_ids, {name: list(column) for name, column in found.items()}

    assert values() == expected
    assert len(measured) == len(expected[0])
    first = values()
    assert not measured and first[1].keys() == expected[1].keys()
    np.testing.assert_equal(first[1], expected[1])
    views = list(shards.read(paths[1]))
    views[0].pixels[0, 0, 0] ^= 1
    views[1].record["steps"] = []  # no geometry to undo
    shards.write(paths[1], views)
    values()
    assert len(measured) == 2


def test_the_setting_of_stored_values_follows_the_code(tmp_path):
    code = tmp_path / "code.py"
    code.write_text("a")
    before = stored_views.setting([code])
    assert before == stored_views.setting([code])
    code.write_text("b")
    assert before != stored_views.setting([code])


def _named(values):
    return ((metric.name, value) for metric, value in values)


@pytest.fixture
def encoded(tmp_path):
    """A function that writes an encoder's output for the views of a shard, drawn at random; it returns the path."""

    def write(shard, seed):
        image_ids, records = zip(*shards.read_records(shard), strict=True)
        generator = np.random.default_rng(seed)
        arrays = {"record": np.array([json.dumps(record).encode() for record in records])}
        arrays |= {"embedding": generator.normal(size=(len(image_ids), 5)).astype(np.float32)}
        arrays["attention"] = generator.random((len(image_ids), 3, 7, 7), dtype=np.float32)
        array_files.write(tmp_path / f"{seed}.npz", image_ids, **arrays)
        return tmp_path / f"{seed}.npz"

    return write


@pytest.mark.parametrize("name", NAMES)
def test_representation_metrics_undo_the_geometry_of_the_record(stored, encoded, name):
    original, augmented = encoded(stored["original"][0], 0), encoded(stored[name][0], 1)
    image_ids, (values,) = stored_views.representation_metrics(original, [augmented])
    views = {view.image_id: view for view in shards.read(stored[name][0])}
    assert list(image_ids) == sorted(views)
    before, after = array_files.read(original), array_files.read(augmented)
    correspondences = [correspondence(views[image_id], name) for image_id in image_ids]
    expected = {
        **evaluate.of_arrays("embedding", before["embedding"], after["embedding"]),
        **(unregistered := evaluate.of_arrays("attention", before["attention"], after["attention"])),
        **evaluate.of_registered_attention(before["attention"], after["attention"], correspondences, unregistered),
    }
    assert values.keys() == expected.keys()
    for metric, column in expected.items():
        np.testing.assert_array_equal(values[metric], column)
    moved = correspondences[0] is not None
    assert moved == bool(np.any(values["attention_similarity"] != values["attention_similarity_registered"]))


def test_outputs_for_different_images_are_refused(stored, encoded):
    original, augmented = encoded(stored["original"][0], 0), encoded(stored["noise"][1], 1)
    with pytest.raises(InputError, match=r"1\.npz and .*0\.npz do not hold the same images"):
        stored_views.representation_metrics(original, [augmented])


def test_shards_of_different_images_are_refused(stored):
    with pytest.raises(InputError, match=r"noise/1\.tar holds 'kodim02' where .*original/0\.tar holds 'kodim01'"):
        stored_views.pixel_metrics(stored["original"][0], [stored["perspective"][0], stored["noise"][1]])
