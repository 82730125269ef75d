"""Where images and texts meet: the classifier of a bundle, captions by embedding or by classes, and what is refused."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file
from sklearn.metrics.pairwise import cosine_similarity

from embedding_shift.errors import InputError
from embedding_shift.io import array_files
from embedding_shift.words import image_blocks
from embedding_shift.words.downstream import damage, damage_forecast
from embedding_shift.words.downstream.class_predictions import Classifier
from embedding_shift.words.downstream.encoder_texts import Uses
from embedding_shift.words.text_files import EncodedTexts

IDS = ["a", "b", "c", "d"]
RANDOM = np.random.default_rng(0)
VIEWS = {name: RANDOM.normal(size=(4, 6)).astype(np.float32) for name in ("original", "noise")}


def texts(ids, width, seed=1):
    return EncodedTexts(np.array(ids), np.random.default_rng(seed).normal(size=(len(ids), width)).astype(np.float32))


NAMES = [f"class {number}" for number in range(12)]


def classifier():
    generator = np.random.default_rng(2)
    return Classifier(generator.normal(size=(12, 6)), generator.normal(size=12), NAMES)


def write_bundle(folder, tensors, classes=None):
    save_file({"visual.a": np.zeros(1)} | tensors, folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(json.dumps({} if classes is None else {"classes": classes}))
    return folder


def both(uses, view="noise"):
    return uses.values(IDS, VIEWS["original"], VIEWS[view])


def test_the_classifier_is_read_from_the_bundle(tmp_path):
    weight, bias = RANDOM.normal(size=(3, 6)), RANDOM.normal(size=3)
    tensors = {"classifier.weight": weight, "classifier.bias": bias}
    uses = Uses.of_encoder(
        write_bundle(tmp_path, tensors, ["x", "y", "z"]), None, texts(list("xyz"), 5), {"a": "z", "b": "?"}
    )
    np.testing.assert_allclose(uses.predictor.logits(VIEWS["noise"]), VIEWS["noise"] @ weight.T + bias)
    assert uses.labels == {"a": 2} and len(uses.class_names.text_ids) == 3
    write_bundle(tmp_path, {})
    assert Classifier.of_bundle(tmp_path) is None


def test_an_encoder_without_texts_and_classes_has_no_values():
    assert both(Uses(None, None, None, {"a": 0})) == {}


def test_a_text_tower_without_a_list_of_classes_tells_none(tmp_path):
    uses = Uses.of_encoder(write_bundle(tmp_path, {}), texts(IDS, 6), texts([], 6), {"a": "dog"})
    assert (uses.predictor, uses.class_names, uses.labels) == (None, None, {})


def test_images_meet_captions_by_their_embedding_wherever_these_stand():
    captions = texts(["d", "b", "a"], 6)  # c has none
    found = both(Uses(None, captions, None, {}))
    expected = damage.of_captions(VIEWS["noise"][[0, 1, 3]], captions.embedding[[2, 1, 0]])
    assert list(found) == list(expected)
    for metric, column in found.items():
        np.testing.assert_array_equal(column, expected[metric])


def test_images_meet_captions_by_their_classes():
    captions, classes, told = texts(IDS, 5), texts(NAMES, 5, seed=3), classifier()
    found = both(Uses(told, captions, classes, {}))
    joined = damage.conse(told.logits(VIEWS["noise"]), classes.embedding)
    np.testing.assert_array_equal(
        found["caption_margin"], damage.of_captions(joined, captions.embedding)["caption_margin"]
    )
    flips = told.logits(VIEWS["noise"]).argmax(1) != told.logits(VIEWS["original"]).argmax(1)
    np.testing.assert_array_equal(found["top1_flips"], flips)


def test_zero_shot_classes_have_an_accuracy_over_labelled_images(tmp_path):
    """A list of classes changes nothing about the captions."""
    captions, classes = texts(IDS, 6), texts(["dog", "猫", "🐕"], 6, seed=4)
    uses = Uses.of_encoder(write_bundle(tmp_path, {}), captions, classes, {"d": "猫", "b": "dog", "a": "whale"})
    found = both(uses)
    cosines = cosine_similarity(VIEWS["noise"], classes.embedding)
    np.testing.assert_array_equal(found["accuracy"], [cosines[1].argmax() == 0, cosines[3].argmax() == 1])
    np.testing.assert_array_equal(found["caption_margin"], both(Uses(None, captions, None, {}))["caption_margin"])


def test_images_are_read_in_blocks(monkeypatch, tmp_path):
    for name, view in VIEWS.items():
        array_files.write(tmp_path / f"{name}.npz", IDS, embedding=view)
    stored = [array_files.open_rows(tmp_path / f"{name}.npz", "embedding")[1] for name in VIEWS]
    uses = Uses(classifier(), texts(["b", "c"], 5), texts(NAMES, 5, seed=3), {"a": 3, "d": 4})
    expected, shift = both(uses), damage_forecast.shift(*VIEWS.values())
    monkeypatch.setattr(image_blocks, "IMAGES_AT_ONCE", 1)
    found = uses.values(IDS, *stored)
    assert list(found) == list(expected)
    for metric, column in found.items():
        np.testing.assert_allclose(column, expected[metric])
    np.testing.assert_allclose(damage_forecast.shift(*stored), shift)


@pytest.mark.parametrize(("kind", "read"), [("captions", 1), ("classes", 2)])
def test_texts_in_another_space_are_refused(tmp_path, kind, read):
    given = [None, None]
    given[read - 1] = texts(IDS, 5)
    uses = Uses.of_encoder(write_bundle(tmp_path, {}), *given, {})
    with pytest.raises(InputError, match=f"the width 6 for images and 5 for {kind}: they do not share a space"):
        both(uses)
