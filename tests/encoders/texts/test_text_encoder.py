"""Text towers: embeddings equal those of open_clip; what does not fit together is refused in one line."""

import json

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import load_file, save_file
from small_models import write_clip_bundle
from text_towers import write_text_bundle, write_tokenizer
from towers import write_bundle

from embedding_shift.encoders.texts import text_encoder, tokenizing
from embedding_shift.errors import InputError

pytestmark = pytest.mark.slow

TEXTS = ["a photo of a dog", "", "a blurry photo of the cat", "a photo " * 100, "狗的照片", "🐕 🐈", "a photo of a dog"]
CONFIG, WEIGHTS = "open_clip_config.json", "open_clip_model.safetensors"
# Few layers and narrow words: the construction of the architecture, in a fraction of its time.
SMALL = {"layers": 2, "width": 128, "heads": 2}
TINY = {"layers": 1, "width": 8, "heads": 1}


def expected(model, folder):
    """Return what open_clip's model makes of TEXTS, with the tokenizer that open_clip finds in the bundle."""
    tokens = open_clip.get_tokenizer(f"local-dir:{folder}")(TEXTS)
    with torch.inference_mode():
        found = model.encode_text(tokens)
    return (found[0] if isinstance(found, tuple) else found).numpy()


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("ViT-B-32-quickgelu", {}),
        ("ViT-B-32", SMALL),
        ("ViT-B-32", SMALL | {"proj_type": "none"}),
        ("coca_ViT-B-32", SMALL),
        ("ViT-B-16-quickgelu", SMALL | {"no_causal_mask": True}),
        ("ViT-H-14-CLIPA", SMALL | {"vocab_size": 40}),
        ("ViT-B-16-SigLIP", SMALL | {"vocab_size": 40}),
    ],
)
def test_embeddings_equal_those_of_open_clip(tmp_path, name, changes):
    model = write_text_bundle(tmp_path, name, **changes)
    if "hf_tokenizer_name" in open_clip.get_model_config(name)["text_cfg"]:
        write_tokenizer(tmp_path, changes["vocab_size"])
    found = text_encoder.encode(tmp_path, TEXTS)
    np.testing.assert_allclose(found, expected(model, tmp_path), atol=1e-5)
    assert found.dtype == np.float32
    assert np.array_equal(found[0], found[-1])
    repeated = text_encoder.encode(tmp_path, TEXTS * 20)  # several batches
    np.testing.assert_array_equal(repeated, np.tile(found, (20, 1)))
    assert np.abs(found[0] - found[2]).max() > 1e-3
    np.testing.assert_array_equal(text_encoder.encode(tmp_path, TEXTS, workers=3), found)
    assert text_encoder.encode(tmp_path, []).shape == (0, found.shape[1])


def test_texts_of_siglip_are_embedded_as_by_transformers(tmp_path):
    """The weights of open_clip's tower, under their names in transformers."""
    from transformers import SiglipTextConfig, SiglipTextModel

    model = write_text_bundle(tmp_path, "ViT-B-16-SigLIP", **SMALL, vocab_size=40)
    write_tokenizer(tmp_path, 40)
    weights = {name: value for name, value in model.state_dict().items() if name.startswith("text.")}
    names = [
        ("text.", ""),
        ("transformer.resblocks", "encoder.layers"),
        (".attn.", ".self_attn."),
        (".ln_", ".layer_norm"),
    ]
    names += [(".mlp.c_fc", ".mlp.fc1"), (".mlp.c_proj", ".mlp.fc2"), ("ln_final", "final_layer_norm")]
    names += [("text_projection", "head"), ("token_embedding", "embeddings.token_embedding")]
    names += [("positional_embedding", "embeddings.position_embedding.weight")]
    renamed = {}
    for name, value in weights.items():
        for old, new in names:
            name = name.replace(old, new, 1)
        if "in_proj_" in name:
            for part, letter in zip(value.chunk(3), "qkv", strict=True):
                renamed[name.replace("in_proj_", f"{letter}_proj.")] = part
        else:
            renamed[name] = value
    sizes = {"hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 2, "num_attention_heads": 2}
    sizes |= {"projection_size": 768, "max_position_embeddings": 64}
    # transformers approximates the GELU of SigLIP by a hyperbolic tangent; open_clip does not.
    config = SiglipTextConfig(vocab_size=40, **sizes, layer_norm_eps=1e-6, hidden_act="gelu")
    reference = SiglipTextModel(config).eval()
    own = {name.removeprefix("text_model.") for name in reference.state_dict() if not name.endswith("position_ids")}
    assert own == set(renamed)
    prefix = "text_model." if any(name.startswith("text_model.") for name in reference.state_dict()) else ""
    reference.load_state_dict({prefix + name: value for name, value in renamed.items()}, strict=False)
    with torch.inference_mode():
        expected_embedding = reference(input_ids=tokenizing.of_bundle(tmp_path)(TEXTS)).pooler_output
    np.testing.assert_allclose(text_encoder.encode(tmp_path, TEXTS), expected_embedding, atol=1e-5)


def test_a_tower_of_transformers(tmp_path):
    """Only its tokenizer, its configuration and the weights in the bundle are read."""
    from transformers import RobertaConfig

    RobertaConfig(
        vocab_size=40, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, pad_token_id=0
    ).save_pretrained(tmp_path)
    changes = {"hf_model_name": str(tmp_path), "hf_model_pretrained": False, "context_length": 20}
    model = write_text_bundle(tmp_path, "roberta-ViT-B-32", **changes)
    write_tokenizer(tmp_path, 40)
    config = json.loads((tmp_path / CONFIG).read_text())
    config["model_cfg"]["text_cfg"]["hf_model_name"] = "roberta-base"
    (tmp_path / CONFIG).write_text(json.dumps(config))
    np.testing.assert_allclose(text_encoder.encode(tmp_path, TEXTS), expected(model, tmp_path), atol=1e-5)
    (tmp_path / "config.json").unlink()
    with pytest.raises(InputError, match=r"copy config\.json of https://huggingface\.co/roberta-base into the folder"):
        text_encoder.encode(tmp_path, TEXTS)


def test_only_causal_towers_are_cut(tmp_path, monkeypatch):
    """The end-of-text token stays, so the tower sees as many tokens as the longest text has; SigLIP always sees 64."""
    lengths = []
    build = text_encoder.text_tower.load_text_tower

    def spied(bundle):
        tower = build(bundle)
        tower.register_forward_pre_hook(lambda _, arguments: lengths.append(arguments[0].shape[1]))
        return tower

    monkeypatch.setattr(text_encoder.text_tower, "load_text_tower", spied)
    write_text_bundle(tmp_path / "clip", "ViT-B-32", **SMALL)
    text_encoder.encode(tmp_path / "clip", ["a photo of a dog", "a dog"])
    write_text_bundle(tmp_path / "siglip", "ViT-B-16-SigLIP", **SMALL, vocab_size=40)
    write_tokenizer(tmp_path / "siglip", 40)
    text_encoder.encode(tmp_path / "siglip", ["a photo of a dog"])
    assert lengths == [7, 64]


def test_a_cut_text_keeps_its_end(tmp_path):
    write_text_bundle(tmp_path, "ViT-B-16-SigLIP", **TINY, vocab_size=40)
    write_tokenizer(tmp_path, 40)
    assert tokenizing.of_bundle(tmp_path)(["dog " * 200])[0, -1] == 1
    write_text_bundle(tmp_path, "ViT-B-32", **TINY)
    assert tokenizing.of_bundle(tmp_path)(["dog " * 200])[0, -1] == 49407


def test_weights_in_half_precision(tmp_path):
    model = write_text_bundle(tmp_path, "ViT-B-32", half=True, **SMALL)
    np.testing.assert_allclose(
        text_encoder.encode(tmp_path, TEXTS), expected(model.half().float(), tmp_path), atol=1e-5
    )


def test_a_bundle_without_text(tmp_path):
    write_bundle(tmp_path / "smallest tower", "ViT-B-32", layers=1)
    write_clip_bundle(tmp_path / "image tower alone")
    state = load_file(tmp_path / "image tower alone" / WEIGHTS)
    images = {name: weights for name, weights in state.items() if name.startswith("visual.")}
    save_file(images, tmp_path / "image tower alone" / WEIGHTS)
    for folder in tmp_path.iterdir():
        assert text_encoder.encode(folder, TEXTS) is None


def test_a_tokenizer_of_another_model_is_refused(tmp_path):
    write_clip_bundle(tmp_path / "packaged")
    with pytest.raises(
        InputError, match="has 49408 tokens and the text tower 16: it is the tokenizer of another model"
    ):
        text_encoder.encode(tmp_path / "packaged", TEXTS)
    write_text_bundle(tmp_path / "files", "ViT-B-16-SigLIP", **TINY, vocab_size=100)
    for tokens in (80, 101):
        write_tokenizer(tmp_path / "files", tokens)
        with pytest.raises(InputError, match=f"has {tokens} tokens and the text tower 100"):
            text_encoder.encode(tmp_path / "files", TEXTS)
    settings = tmp_path / "files" / "tokenizer_config.json"
    write_tokenizer(tmp_path / "files", 100)
    settings.write_text(settings.read_text().replace("<pad>", "[PAD]"))
    with pytest.raises(InputError, match="padding token '\\[PAD\\]'"):
        text_encoder.encode(tmp_path / "files", TEXTS)
    settings.write_text("{")
    with pytest.raises(InputError, match=r"the tokenizer in .* cannot be loaded"):
        text_encoder.encode(tmp_path / "files", TEXTS)
    settings.unlink()
    wanted = "copy tokenizer.json and tokenizer_config.json of https://huggingface.co/timm/ViT-B-16-SigLIP into"
    with pytest.raises(InputError, match=wanted):
        text_encoder.encode(tmp_path / "files", TEXTS)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("text_projection", lambda weights: weights[0, 0].clone(), "size mismatch for text_projection"),
        ("ln_final.weight", lambda weights: weights * np.nan, "the weights 'ln_final.weight' hold NaN"),
        ("ln_final.weight", lambda weights: None, 'Missing key.* "ln_final.weight"'),
    ],
)
def test_wrong_weights_are_refused(tmp_path, name, change, message):
    write_text_bundle(tmp_path, "ViT-B-32", **TINY)
    state = load_file(tmp_path / WEIGHTS)
    state[name] = change(state[name])
    save_file({key: value for key, value in state.items() if value is not None}, tmp_path / WEIGHTS)
    with pytest.raises(InputError, match=message):
        text_encoder.encode(tmp_path, TEXTS)
