"""Classes by their names: probabilities equal those of open_clip's zero-shot classifier, scale included."""

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import load_file, save_file
from scipy import special
from small_models import write_clip_bundle

from embedding_shift.encoders.texts import text_encoder
from embedding_shift.words import text_files
from embedding_shift.words.downstream import damage
from embedding_shift.words.downstream.class_predictions import ZeroShot

NAMES = ["parrot", "red door", "犬", "🐕", "lighthouse"]
WEIGHTS = "open_clip_model.safetensors"


def told(folder, names):
    """Return the zero-shot predictor of a bundle, through the files of a run."""
    (folder / "classes.txt").write_text("\n".join(names), encoding="utf-8")
    texts = text_files.texts_of("classes", folder / "classes.txt")
    embedding = text_encoder.encode(folder, list(texts.values()))
    text_files.write(folder / "classes.npz", texts, embedding, text_encoder.logit_scale(folder))
    return ZeroShot(text_files.read(folder / "classes.npz"))


@pytest.mark.slow
def test_probabilities_equal_those_of_open_clip(tmp_path):
    _, model = write_clip_bundle(tmp_path, vocabulary=49408)
    with torch.no_grad():
        model.logit_scale.fill_(np.log(23.0))
    save_file(load_file(tmp_path / WEIGHTS) | {"logit_scale": model.logit_scale.data}, tmp_path / WEIGHTS)
    tokenizer = open_clip.get_tokenizer(f"local-dir:{tmp_path}")
    weights = open_clip.build_zero_shot_classifier(model, tokenizer, NAMES, [text_files.CLASS_TEXT.format])
    with torch.inference_mode():
        images = model.encode_image(torch.randn(2, 6, 3, 224, 224, generator=torch.manual_seed(0)).flatten(0, 1))
        expected = (model.logit_scale.exp() * torch.nn.functional.normalize(images, dim=-1) @ weights).numpy()
    predictor = told(tmp_path, NAMES)
    logits = predictor.logits(images.numpy())
    assert predictor.names == NAMES
    np.testing.assert_allclose(logits, expected, atol=1e-4)
    values = damage.of_classes(logits[:6], logits[6:])
    p, q = np.split(special.softmax(expected.astype(float), axis=1), 2)
    np.testing.assert_allclose(values["kl_divergence"], special.rel_entr(p, q).sum(1), atol=1e-4)
    np.testing.assert_array_equal(values["top1_flips"], p.argmax(1) != q.argmax(1))


def test_the_scale_is_the_exponential_of_what_open_clip_stores(tmp_path):
    for stored in (torch.tensor(np.log(100.0)), torch.full((1,), np.log(100.0), dtype=torch.bfloat16)):
        save_file({"logit_scale": stored}, tmp_path / WEIGHTS)
        assert text_encoder.logit_scale(tmp_path) == pytest.approx(100, rel=0.02)
    save_file({"visual.a": torch.zeros(1)}, tmp_path / WEIGHTS)
    assert text_encoder.logit_scale(tmp_path) is None
