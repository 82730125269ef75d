"""Where images and texts meet: the classifier of a bundle, captions by embedding or by classes, and what is refused."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from embedding_shift.errors import InputError
from embedding_shift.words import damage, encoder_texts
from embedding_shift.words.text_files import EncodedTexts

IDS = ["a", "b", "c", "d"]
RANDOM = np.random.default_rng(0)
VIEWS = {name: RANDOM.normal(size=(4, 6)).astype(np.float32) for name in ("original", "noise")}


def texts(ids, width, seed=1):
    return EncodedTexts(np.array(ids), np.random.default_rng(seed).normal(size=(len(ids), width)).astype(np.float32))


def classifier(classes=12):
    generator = np.random.default_rng(2)
    return encoder_texts.Classifier(generator.normal(size=(classes, 6)), generator.normal(size=classes))


def test_the_classifier_is_read_from_the_bundle(tmp_path):
    weight, bias = RANDOM.normal(size=(3, 6)), RANDOM.normal(size=3)
    tensors = {"visual.a": np.zeros(1), "classifier.weight": weight, "classifier.bias": bias}
    save_file(tensors, tmp_path / "open_clip_model.safetensors")
    found = encoder_texts.Classifier.of_bundle(tmp_path)
    np.testing.assert_allclose(found.logits(VIEWS["noise"]), VIEWS["noise"] @ weight.T + bias)
    save_file({"visual.a": np.zeros(1)}, tmp_path / "open_clip_model.safetensors")
    assert encoder_texts.Classifier.of_bundle(tmp_path) is None


def test_an_encoder_without_texts_and_classes_has_no_values():
    assert encoder_texts.values(IDS, VIEWS, None, None, None) == {"original": {}, "noise": {}}


def test_images_meet_captions_by_their_embedding_wherever_these_stand():
    captions = texts(["d", "b", "a"], 6)  # c has none
    found = encoder_texts.values(IDS, VIEWS, None, captions, None)
    expected = damage.of_captions(VIEWS["noise"][[0, 1, 3]], captions.embedding[[2, 1, 0]])
    for metric, column in found["noise"].items():
        np.testing.assert_array_equal(column, expected[metric])


def test_images_meet_captions_by_their_classes():
    captions, classes, told = texts(IDS, 5), texts([f"class {number}" for number in range(12)], 5, seed=3), classifier()
    found = encoder_texts.values(IDS, VIEWS, told, captions, classes)["noise"]
    joined = damage.conse(told.logits(VIEWS["noise"]), classes.embedding)
    np.testing.assert_array_equal(
        found["caption_margin"], damage.of_captions(joined, captions.embedding)["caption_margin"]
    )
    flips = told.logits(VIEWS["noise"]).argmax(1) != told.logits(VIEWS["original"]).argmax(1)
    np.testing.assert_array_equal(found["top1_flips"], flips)


def test_texts_in_another_space_are_refused():
    with pytest.raises(InputError, match="the width 6 for images and 5 for captions: they do not share a space"):
        encoder_texts.values(IDS, VIEWS, None, texts(IDS, 5), None)
