"""Bundles of a local folder: three files with their provenance; a faulty bundle is refused in one line."""

import json
import shutil

import pytest
from safetensors.torch import load_file, save_file
from small_models import MEAN, STD, write_clip_bundle
from text_towers import write_tokenizer
from towers import assert_same_encoder, write_bundle

from embedding_shift.encoders import bundles
from embedding_shift.encoders.image_encoder import Encoder
from embedding_shift.encoders.towers import tower_loading
from embedding_shift.errors import InputError
from embedding_shift.io import atomic

pytestmark = pytest.mark.slow

CONFIG, WEIGHTS, PROVENANCE = "open_clip_config.json", "open_clip_model.safetensors", "provenance.json"


def test_the_provenance_describes_a_local_bundle(source, tmp_path, kodak_views):
    bundles.prepare({"kind": "local-dir", "path": str(source)}, tmp_path)
    provenance = json.loads((tmp_path / PROVENANCE).read_text())
    assert provenance == {
        "kind": "local-dir",
        "path": str(source),
        "weights_sha256": atomic.sha256(source / WEIGHTS),
        "tower": {
            "image_size": [224, 224],
            "embedding_size": 32,
            "parameters": sum(
                tensor.numel() for name, tensor in load_file(source / WEIGHTS).items() if name.startswith("visual.")
            ),
            "weights_sha256": tower_loading.weights_sha256(Encoder(source, "cpu", 2).visual),
            "activations": ["quickgelu"],
            "heads": [4],
            "preprocessing": {"mean": MEAN, "std": STD, "interpolation": "bicubic", "resize_mode": "squash"},
            "attention": {"source": "class token", "shape": [4, 7, 7]},
        },
    }
    assert_same_encoder(tmp_path, source, kodak_views[:2])


def test_the_files_of_a_text_tower_are_copied(source, tmp_path):
    with_text = tmp_path / "with text"
    shutil.copytree(source, with_text)
    write_tokenizer(with_text)
    bundles.copy(with_text, tmp_path / "bundle")
    for name in ("tokenizer.json", "tokenizer_config.json", WEIGHTS):
        assert (tmp_path / "bundle" / name).read_bytes() == (with_text / name).read_bytes()


def test_the_digest_of_the_weights_does_not_depend_on_the_file(source, tmp_path):
    """Without a text tower, and with metadata, the file is another one."""
    for name in ("same", "other"):
        write_clip_bundle(tmp_path / name, seed=1)
    state = load_file(source / WEIGHTS)
    visual = {name: weights for name, weights in state.items() if name.startswith("visual.")}
    save_file(visual, tmp_path / "same" / WEIGHTS, metadata={"format": "pt"})
    digests = [
        tower_loading.weights_sha256(tower_loading.load_image_tower(folder)[0])
        for folder in (source, *sorted(tmp_path.glob("*")))
    ]
    assert digests[0] == digests[2] != digests[1]


def test_a_folder_that_is_not_a_bundle_is_refused(source, tmp_path):
    with pytest.raises(InputError, match=f"nowhere is not an open_clip bundle: it has no {CONFIG}"):
        bundles.copy(tmp_path / "nowhere", tmp_path / "bundle")
    broken = tmp_path / "broken"
    bundles.copy(source, broken)
    (broken / CONFIG).write_text("{")
    with pytest.raises(InputError, match=f"{CONFIG} is not JSON"):
        bundles.copy(broken, tmp_path / "bundle")
    (broken / CONFIG).write_text("{}")
    with pytest.raises(InputError, match=f"{CONFIG} has no 'model_cfg'"):
        bundles.copy(broken, tmp_path / "bundle")


def test_embeddings_without_dimensions_are_refused(source, tmp_path):
    shutil.copytree(source, tmp_path / "source")
    config = json.loads((source / CONFIG).read_text())
    config["model_cfg"]["embed_dim"] = 0
    (tmp_path / "source" / CONFIG).write_text(json.dumps(config))
    state = load_file(source / WEIGHTS)
    narrow = {name: state[name][:, :0].contiguous() for name in ("visual.proj", "text_projection") if name in state}
    save_file(state | narrow, tmp_path / "source" / WEIGHTS)
    with pytest.raises(InputError, match=f"'embed_dim' of model_cfg in {CONFIG} is 0 and not 1 or more"):
        bundles.copy(tmp_path / "source", tmp_path / "bundle")


def test_truncated_weights_are_refused(source, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / CONFIG).write_text((source / CONFIG).read_text())
    (broken / WEIGHTS).write_bytes((source / WEIGHTS).read_bytes()[:-1000])
    with pytest.raises(InputError, match=f"{WEIGHTS} is incomplete: it has .* download it again"):
        bundles.copy(broken, tmp_path / "bundle")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"mean": [123.675, 116.28, 103.53]},
            r"'mean' of preprocess_cfg in open_clip_config.json is \[123.675, .* pixels from 0 to 255; "
            r'change the line to "mean": \[0.485, 0.456, 0.406\]',
        ),
        ({"std": [58.395, 57.12, 57.375]}, r'change the line to "std": \[0.229, 0.224, 0.225\]'),
        ({"std": [0.2, 0, 0.2]}, r"'std' of preprocess_cfg .* is \[0.2, 0, 0.2\]; change the line to values above 0"),
    ],
)
def test_a_normalisation_of_other_pixels_is_refused(source, tmp_path, changes, message):
    broken = tmp_path / "broken"
    bundles.copy(source, broken)
    config = json.loads((broken / CONFIG).read_text())
    (broken / CONFIG).write_text(json.dumps(config | {"preprocess_cfg": config["preprocess_cfg"] | changes}))
    with pytest.raises(InputError, match=message):
        bundles.copy(broken, tmp_path / "bundle")


def test_an_image_size_that_the_tower_does_not_accept_is_refused(tmp_path):
    folder = write_bundle(tmp_path / "source", "EVA02-B-16", timm_model_name="eva02_tiny_patch14_224", image_size=336)
    with pytest.raises(InputError, match="does not run: Input height"):
        bundles.copy(folder, tmp_path / "bundle")


def test_a_bundle_is_a_copy_of_its_source(source, tmp_path):
    """Snakemake sets the mtime of a job's outputs; it must not change the mtime of the user's own weights."""
    bundles.copy(source, tmp_path / "bundle")
    for name in (CONFIG, WEIGHTS):
        assert not (tmp_path / "bundle" / name).samefile(source / name)
