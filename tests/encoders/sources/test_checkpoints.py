"""Checkpoints: the image tower is found under any prefix, and weights that do not fit are refused with the reason."""

import copy
import json

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import load_file, save_file
from small_models import write_clip_bundle

from embedding_shift.encoders import bundles
from embedding_shift.encoders.image_encoder import Encoder
from embedding_shift.encoders.sources import checkpoints, open_clip_names
from embedding_shift.errors import InputError
from embedding_shift.io import atomic

CONFIG, WEIGHTS = "open_clip_config.json", "open_clip_model.safetensors"


@pytest.fixture(scope="module")
def model_cfg(tmp_path_factory):
    """The configuration of a small CLIP, which open_clip lists as `small` and `small-quickgelu` during these tests."""
    folder = tmp_path_factory.mktemp("architectures")
    model_cfg, _ = write_clip_bundle(folder / "bundle")
    (folder / "small.json").write_text(json.dumps(model_cfg | {"quick_gelu": False}))
    (folder / "small-quickgelu.json").write_text(json.dumps(model_cfg))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_MODEL_CONFIGS", "_MODEL_CONFIG_PATHS"):
            patch.setattr(open_clip.factory, name, copy.copy(getattr(open_clip.factory, name)))
        open_clip.add_model_config(folder)
        tag = {"hf_hub": "a/b/", "quick_gelu": True, "mean": (0.5,) * 3, "std": (0.25,) * 3}
        patch.setitem(open_clip.pretrained._PRETRAINED, "small-quickgelu", {"tag": tag})
        yield model_cfg


@pytest.fixture(scope="module")
def bundle(model_cfg, tmp_path_factory):
    folder = tmp_path_factory.mktemp("source")
    write_clip_bundle(folder)
    return folder


@pytest.fixture(scope="module")
def weights(bundle):
    return load_file(bundle / WEIGHTS)


def entry(path, **changes):
    return {"kind": "checkpoint", "name": "small-quickgelu", "path": str(path)} | changes


def tower_of(weights):
    return {name.removeprefix("visual."): tensor for name, tensor in weights.items() if name.startswith("visual.")}


def with_prefix(prefix, weights):
    return {prefix + name: tensor for name, tensor in weights.items()}


FORMS = {
    "plain": lambda weights: weights,
    "distributed": lambda weights: {"epoch": 1, "state_dict": with_prefix("module.", weights)},
    "compiled": lambda weights: {"model": with_prefix("_orig_mod.", weights), "optimizer": {"state": {}}},
    "tower": tower_of,
    "tower in a classifier": lambda weights: (
        with_prefix("model.backbone.", tower_of(weights)) | {"model.head.weight": torch.ones(2, 2)}
    ),
    "with more beside the model": lambda weights: weights | {"queue": torch.ones(3)},
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_checkpoint_gives_the_same_tower(weights, tmp_path, form):
    torch.save(FORMS[form](weights), tmp_path / "x.pt")
    found = checkpoints.read(entry(tmp_path / "x.pt"))
    tower = tower_of(found.state)
    assert tower.keys() == tower_of(weights).keys()
    assert all(torch.equal(tower[name], tensor) for name, tensor in tower_of(weights).items())
    if "tower" not in form:
        assert weights.keys() <= found.state.keys()
    assert found.source == {"file_sha256": atomic.sha256(tmp_path / "x.pt")}


@pytest.mark.parametrize("half", [False, True])
def test_a_bundle_made_of_a_checkpoint_encodes_like_its_model(bundle, weights, tmp_path, kodak_views, half):
    changed = {name: tensor.half() if half else tensor for name, tensor in weights.items()}
    save_file(with_prefix("module.", changed), tmp_path / "x.safetensors")
    bundles.prepare(entry(tmp_path / "x.safetensors"), tmp_path / "bundle")
    config = json.loads((bundle / CONFIG).read_text())
    preprocess_cfg = config["preprocess_cfg"] | {"mean": (0.5,) * 3, "std": (0.25,) * 3}
    (tmp_path / "expected").mkdir()
    (tmp_path / "expected" / CONFIG).write_text(json.dumps(config | {"preprocess_cfg": preprocess_cfg}))
    save_file({name: tensor.float() for name, tensor in changed.items()}, tmp_path / "expected" / WEIGHTS)
    found, expected = (Encoder(tmp_path / name, "cpu", 2).encode(kodak_views[:2]) for name in ("bundle", "expected"))
    np.testing.assert_array_equal(found.embedding, expected.embedding)
    np.testing.assert_array_equal(found.attention, expected.attention)
    provenance = json.loads((tmp_path / "bundle/provenance.json").read_text())
    assert provenance["file_sha256"] == atomic.sha256(tmp_path / "x.safetensors")
    assert (provenance["name"], provenance["kind"]) == ("small-quickgelu", "checkpoint")
    assert (provenance["tower"]["activations"], provenance["tower"]["heads"]) == (["quickgelu"], [4])


def test_the_name_decides_the_activation(weights, tmp_path, capsys):
    """The weights of both names are the same."""
    save_file(weights, tmp_path / "x.safetensors")
    for name, activation in (("small", "gelu"), ("small-quickgelu", "quickgelu")):
        bundles.prepare(entry(tmp_path / "x.safetensors", name=name), tmp_path / name)
        assert json.loads((tmp_path / name / "provenance.json").read_text())["tower"]["activations"] == [activation]
        assert f"warning: {tmp_path / 'x.safetensors'} is read as {name!r}. 'small" in capsys.readouterr().err
    checkpoints.read(entry(tmp_path / "x.safetensors", pretrained="tag"))
    assert capsys.readouterr().err == ""
    with pytest.raises(InputError, match="open_clip has no weights 'tags' for 'small-quickgelu'; allowed are tag"):
        checkpoints.read(entry(tmp_path / "x.safetensors", pretrained="tags"))
    with pytest.raises(InputError, match="open_clip has no model 'smal'; similar names are small"):
        checkpoints.read(entry(tmp_path / "x.safetensors", name="smal"))


def test_the_preprocessing_is_that_of_the_weights_in_open_clip():
    openai = open_clip_names.preprocessing("ViT-B-32-quickgelu")
    assert openai["mean"] == open_clip.OPENAI_DATASET_MEAN
    assert openai == open_clip_names.preprocessing("ViT-M-32"), "without weights, that of open_clip's training"
    assert open_clip_names.preprocessing("ViT-B-16-SigLIP") == {
        "mean": (0.5, 0.5, 0.5),
        "std": (0.5, 0.5, 0.5),
        "interpolation": "bicubic",
        "resize_mode": "squash",
    }
    with pytest.raises(
        InputError, match=r"'ViT-L-14' .* different preprocessing: set `pretrained` .* laion2b_s32b_b82k"
    ):
        open_clip_names.preprocessing("ViT-L-14")


def without(weights, name):
    return {key: tensor for key, tensor in weights.items() if key != name}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda weights: {"model": weights, "model_ema": weights},
            "holds the image tower of 'small-quickgelu' more than once, under 'model.visual.' and 'model_ema.visual.'",
        ),
        (
            lambda weights: without(weights, "visual.ln_post.bias"),
            "holds 31 of the 32 weights of the image tower of 'small-quickgelu'; 'visual.ln_post.bias' is missing",
        ),
        (
            lambda weights: weights | {"visual.transformer.resblocks.2.ln_1.bias": torch.ones(64)},
            "does not have, such as 'visual.transformer.resblocks.2.ln_1.bias': it has another architecture",
        ),
        (
            lambda weights: tower_of(weights) | {"head.weight": torch.ones(2)},
            "does not have, such as 'head.weight'",
        ),
        (
            lambda weights: weights | {"visual.positional_embedding": torch.ones(197, 64)},
            r"'visual.positional_embedding' has the shape \[197, 64\], in 'small-quickgelu' it has \[50, 64\]",
        ),
        (
            lambda weights: {"blocks.0.norm1.weight": torch.ones(2)},
            "holds no weight of the image tower of 'small-quickgelu'; its first weights are blocks.0.norm1.weight",
        ),
        (lambda weights: {"epoch": 3}, "its first weights are none"),
        (
            lambda weights: {"base_model.model.visual.transformer.resblocks.0.attn.lora_A.weight": torch.ones(8, 64)},
            "holds the weights of a LoRA adapter, .* `merge_and_unload",
        ),
        (
            lambda weights: {"vision_model.encoder.layers.0.self_attn.q_proj.weight": torch.ones(64, 64)},
            "holds the weights of a model of transformers",
        ),
    ],
)
def test_weights_that_do_not_fit_are_refused(weights, tmp_path, change, message):
    torch.save(change(weights), tmp_path / "x.pt")
    with pytest.raises(InputError, match=f"^{tmp_path}/x.pt:? .*{message}"):
        checkpoints.read(entry(tmp_path / "x.pt"))


def test_a_checkpoint_that_is_configured_as_a_bundle_is_refused_with_the_command(weights, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    torch.save(weights, folder / "last.pt")
    for path in (folder, folder / "last.pt"):
        with pytest.raises(InputError) as caught:
            bundles.copy(path, tmp_path / "bundle")
        message = str(caught.value)
        assert message.startswith(f"{path} is not an open_clip bundle: it has no {CONFIG}. last.pt may be a checkpoint")
        assert f"`path: {folder / 'last.pt'}`" in message and "prepare_bundle.py --model '{" in message


def test_the_folder_of_a_lora_adapter_is_named(tmp_path):
    (tmp_path / "adapter_config.json").write_text("{}")
    (tmp_path / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(
        InputError, match=f"{tmp_path} is not an open_clip bundle: .* holds the weights of a LoRA adapter"
    ):
        bundles.copy(tmp_path, tmp_path / "bundle")


def test_a_bundle_whose_weights_are_a_pointer_is_refused(bundle, tmp_path):
    (tmp_path / CONFIG).write_text((bundle / CONFIG).read_text())
    (tmp_path / WEIGHTS).write_text("version https://git-lfs.github.com/spec/v1\nsize 12\n")
    with pytest.raises(InputError, match=f"{WEIGHTS} is a pointer of Git LFS to a file of 12 bytes"):
        bundles.copy(tmp_path, tmp_path / "bundle")
