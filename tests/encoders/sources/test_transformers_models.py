"""Models of transformers: the bundle computes what transformers computes, for random weights of small architectures."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from small_transformers import MODELS, expected, write_model
from text_towers import write_tokenizer

from embedding_shift.encoders import bundles
from embedding_shift.encoders.attention import PoolingAttention
from embedding_shift.encoders.sources import transformers_models, transformers_texts
from embedding_shift.encoders.sources.transformers_families import (
    FAMILIES,
    KOSMOS_TEXT_DEFAULTS,
    RESAMPLER_DEFAULTS,
    VISION_DEFAULTS,
)
from embedding_shift.encoders.texts import text_encoder, tokenizing
from embedding_shift.encoders.towers import tower_loading, tower_parts
from embedding_shift.errors import InputError

pytestmark = pytest.mark.slow  # transformers takes seconds to import


@pytest.fixture(scope="module", params=MODELS)
def case(request, tmp_path_factory):
    """Return the name of a family, the model, and its folder."""
    folder = tmp_path_factory.mktemp(request.param)
    return request.param, write_model(request.param, folder), folder


def entry(folder):
    return {"kind": "transformers", "path": str(folder)}


def test_embedding_and_attention_equal_those_of_transformers(case, tmp_path):
    name, model, folder = case
    bundles.prepare(entry(folder), tmp_path)
    tower, preprocessing = tower_loading.load_image_tower(tmp_path)
    pixels = torch.randn(2, 3, *preprocessing.size, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode(), PoolingAttention(tower) as recorder:
        embedding = tower(pixels)
    embedding_of_model, attention_of_model = expected(name, model, pixels)
    assert embedding_of_model.std() > 0.01
    torch.testing.assert_close(embedding, embedding_of_model, atol=1e-5, rtol=1e-5)
    patches = preprocessing.size[0] // 4
    torch.testing.assert_close(
        recorder.maps, attention_of_model[..., 1 : 1 + patches**2].unflatten(-1, (patches, patches)), atol=1e-5, rtol=0
    )
    torch.testing.assert_close(recorder.rows, attention_of_model, atol=1e-5, rtol=0)
    provenance = json.loads((tmp_path / "provenance.json").read_text())
    assert provenance["tower"]["attention"]["source"] == ("class token" if name == "blip" else "latents")
    assert provenance["tower"]["preprocessing"]["resize_mode"] == ("shortest" if name == "kosmos-2" else "squash")


def test_the_ledger_is_defined_for_blip_alone(case, tmp_path):
    name, _, folder = case
    tower = tower_loading.build_image_tower(transformers_models.model_cfg(entry(folder)))
    missing = tower_parts.find_parts(tower).missing
    assert set(missing.values()) == (set() if name == "blip" else {"the tower reads out the mean of latents"})


def test_a_bundle_holds_the_vision_part_and_texts_of_blip_and_can_be_copied(case, tmp_path):
    name, _, folder = case
    bundles.prepare(entry(folder), tmp_path / "a")
    bundles.prepare({"kind": "local-dir", "path": str(tmp_path / "a")}, tmp_path / "b")
    tower, _ = tower_loading.load_image_tower(tmp_path / "b")
    stored = load_file(tmp_path / "a/open_clip_model.safetensors")
    assert {found for found in stored if found.startswith("visual.")} == {f"visual.{key}" for key in tower.state_dict()}
    others = {key.split(".")[0] for key, weights in stored.items() if not key.startswith("visual.") and weights.any()}
    assert others == ({"text"} if name == "blip" else set())


def test_texts_of_blip_are_embedded_as_by_transformers(tmp_path):
    model = write_model("blip", tmp_path / "model")
    write_tokenizer(tmp_path / "model", 40)
    bundles.prepare(entry(tmp_path / "model"), tmp_path / "bundle")
    texts = ["a photo of a dog", "", "a blurry photo of the cat", "a photo " * 40]
    tokens = tokenizing.of_bundle(tmp_path / "bundle")(texts)
    assert tokens.shape == (4, 30)
    with torch.inference_mode():
        states = model.text_encoder(input_ids=tokens, attention_mask=(tokens != 0).long()).last_hidden_state
        expected_embedding = model.text_proj(states[:, 0])
    assert expected_embedding.std(0).min() > 0.01
    found = text_encoder.encode(tmp_path / "bundle", texts)
    np.testing.assert_allclose(found, expected_embedding, atol=1e-5)
    (tmp_path / "bundle/tokenizer.json").unlink()
    with pytest.raises(
        InputError, match=r"has a tokenizer of its own: copy tokenizer\.json and tokenizer_config\.json of"
    ):
        text_encoder.encode(tmp_path / "bundle", texts)


def test_a_blip_model_without_its_text_part_has_no_texts(blip_folder, tmp_path):
    shutil.copytree(blip_folder, tmp_path / "model")
    change_weights(lambda name: not name.startswith("text"))(tmp_path / "model")
    bundles.prepare(entry(tmp_path / "model"), tmp_path / "bundle")
    assert text_encoder.encode(tmp_path / "bundle", ["a text"]) is None


def test_the_defaults_are_those_of_transformers():
    from transformers import BlipTextConfig, BlipVisionConfig, IdeficsConfig, Kosmos2Config

    idefics, kosmos, blip = IdeficsConfig(), Kosmos2Config(), BlipVisionConfig()
    pairs = [
        (transformers_texts.DEFAULTS, BlipTextConfig()),
        (VISION_DEFAULTS["blip"], blip),
        (VISION_DEFAULTS["kosmos-2"], kosmos.vision_config),
        (VISION_DEFAULTS["idefics"], idefics.vision_config),
        (KOSMOS_TEXT_DEFAULTS, kosmos.text_config),
        (RESAMPLER_DEFAULTS, idefics.perceiver_config),
    ]
    for defaults, config in pairs:
        assert defaults == {name: getattr(config, name) for name in defaults}


def change_json(name, **changes):
    def change(folder):
        content = json.loads((folder / name).read_text()) | changes
        kept = {key: value for key, value in content.items() if value is not None}
        (folder / name).write_text(json.dumps(kept))

    return change


def change_weights(keep):
    def change(folder):
        path = folder / "model.safetensors"
        save_file({name: tensor for name, tensor in load_file(path).items() if keep(name)}, path)

    return change


FAULTS = [
    (
        change_json("config.json", model_type="clip"),
        "architecture 'clip' of transformers; known are blip, kosmos-2, id",
    ),
    (change_json("config.json", model_type=None), "architecture None"),
    (lambda folder: (folder / "config.json").write_text("["), "config.json is not JSON"),
    (lambda folder: (folder / "preprocessor_config.json").unlink(), "it has no preprocessor_config.json"),
    (change_json("preprocessor_config.json", image_mean=None), "has no 'image_mean'"),
    (change_json("preprocessor_config.json", resample=1), "filter 1 of 'resample'"),
    (
        lambda folder: (folder / "model.safetensors").unlink(),
        "has no model.safetensors.index.json or model.safetensors",
    ),
    (change_weights(lambda name: name.startswith("text")), "have no vision part"),
    (change_weights(lambda name: "layers.1.mlp.fc1.bias" not in name), "have no 'vision_model.encoder.layers.1.mlp"),
    (change_weights(lambda name: "vision_proj" not in name), "a model for image-text retrieval has it"),
    (change_json("config.json", vision_config={"hidden_act": "relu"}), "activation 'relu'"),
    (change_json("config.json", vision_config={"num_attention_heads": 0}), "is not a configuration of blip"),
    (change_weights(lambda name: "text_proj.bias" not in name), "have no 'text_proj.bias'"),
    (
        change_weights(lambda name: "encoder.layer.1.output.LayerNorm.bias" not in name),
        "have no 'text_encoder.encoder.l",
    ),
    (change_json("config.json", image_text_hidden_size=0), "its embeddings have 0 dimensions and not 1 or more"),
]


@pytest.mark.parametrize(("change", "message"), FAULTS, ids=[message for _, message in FAULTS])
def test_what_cannot_be_read_is_named(blip_folder, tmp_path, change, message):
    folder = tmp_path / "model"
    shutil.copytree(blip_folder, folder)
    change(folder)
    with pytest.raises(InputError, match=message):
        bundles.prepare(entry(folder), tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


@pytest.fixture(scope="module")
def blip_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("blip")
    write_model("blip", folder)
    return folder


def test_every_family_has_a_model_here():
    assert set(MODELS) == set(FAMILIES)
