"""Bundles: every source gives the same three files, and a faulty source is reported in one line."""

import json
import os
import pickle
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import open_clip
import pytest
import torch
from pipeline import PROJECT
from safetensors.torch import load_file, save_file
from small_models import MEAN, STD, write_clip_bundle
from towers import write_bundle

from embedding_shift.encoders import bundles
from embedding_shift.encoders.image_encoder import Encoder
from embedding_shift.encoders.sources import open_clip_names
from embedding_shift.encoders.towers import tower_loading
from embedding_shift.errors import InputError
from embedding_shift.io import atomic

pytestmark = pytest.mark.slow

REPOSITORY, COMMIT = "someone/small-clip", "0123456789abcdef0123456789abcdef01234567"
CONFIG, WEIGHTS, PROVENANCE = "open_clip_config.json", "open_clip_model.safetensors", "provenance.json"
UNREACHABLE = "http://127.0.0.1:9"  # the discard port, where nothing listens


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The bundle of a small CLIP."""
    folder = tmp_path_factory.mktemp("source")
    write_clip_bundle(folder)
    return folder


class Hub(ThreadingHTTPServer):
    """Serve the files of a folder as one repository of the Hugging Face hub, and record the requested paths."""

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), HubHandler)
        self.folder, self.requested = folder, []
        self.url = f"http://127.0.0.1:{self.server_port}"


class HubHandler(BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.answer(with_body=False)

    def do_GET(self):
        self.answer(with_body=True)

    def answer(self, with_body):
        self.server.requested.append(self.path)
        parts = self.path.strip("/").split("/")
        path = self.server.folder / parts[-1]
        known = parts[:3] == [*REPOSITORY.split("/"), "resolve"] and path.is_file()
        data = path.read_bytes() if known else b""
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(data)))
        if known:
            self.send_header("ETag", f'"{atomic.sha256(path)}"')
            self.send_header("X-Repo-Commit", COMMIT)
        else:
            self.send_header("X-Error-Code", "EntryNotFound")
        self.end_headers()
        if with_body:
            self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    """Return a function that serves a folder as a hub."""
    servers = []

    def start(folder):
        servers.append(Hub(folder))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def prepare(model, bundle, endpoint, cache, **environment):
    """Run the script in a separate process, because the hub's client reads its address only once."""
    return run_python(
        [str(PROJECT / "scripts/prepare_bundle.py"), "--model", json.dumps(model), "--bundle", str(bundle)],
        endpoint,
        cache,
        **environment,
    )


def run_python(arguments, endpoint, cache, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    kept |= {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(cache),
        "PYTHONPATH": str(PROJECT / "scripts"),
        "OMP_NUM_THREADS": "1",
    } | environment
    return subprocess.run([sys.executable, *arguments], env=kept, capture_output=True, text=True, timeout=300)


def assert_same_encoder(bundle, source, views):
    ours, expected = (Encoder(folder, "cpu", 2).encode(views) for folder in (bundle, source))
    np.testing.assert_array_equal(ours[1], expected[1])
    np.testing.assert_array_equal(ours[2], expected[2])


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


@pytest.mark.parametrize("safe", [True, False], ids=["safetensors", "bin"])
def test_a_model_of_a_repository(source, tmp_path, serve, kodak_views, safe):
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / CONFIG).write_text((source / CONFIG).read_text())
    name = WEIGHTS if safe else "open_clip_pytorch_model.bin"
    if safe:
        (repository / name).symlink_to(source / WEIGHTS)
    else:
        torch.save(load_file(source / WEIGHTS), repository / name)
    server, bundle = serve(repository), tmp_path / "bundle"
    model = {"kind": "hf-hub", "name": REPOSITORY}
    done = prepare(model, bundle, server.url, tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    provenance = json.loads((bundle / PROVENANCE).read_text())
    assert provenance["repository"] == REPOSITORY
    assert provenance["revision"] == COMMIT
    assert provenance["file"] == name
    assert provenance["weights_sha256"] == atomic.sha256(bundle / WEIGHTS)
    assert_same_encoder(bundle, source, kodak_views[:2])

    requested = len(server.requested)
    again = prepare(
        model | {"revision": COMMIT}, tmp_path / "again", UNREACHABLE, tmp_path / "cache", HF_HUB_OFFLINE="1"
    )
    assert again.returncode == 0, again.stderr
    assert len(server.requested) == requested
    assert (tmp_path / "again" / WEIGHTS).read_bytes() == (bundle / WEIGHTS).read_bytes()


def test_a_model_of_open_clip_by_name_and_tag(source, tmp_path, serve, kodak_views):
    """Add a model to open_clip's registry, because its own models have hundreds of megabytes."""
    repository = tmp_path / "repository"
    repository.mkdir()
    torch.save({"state_dict": load_file(source / WEIGHTS)}, repository / "open_clip_pytorch_model.bin")
    (tmp_path / "small.json").write_text(json.dumps(json.loads((source / CONFIG).read_text())["model_cfg"]))
    preprocessing = json.loads((source / CONFIG).read_text())["preprocess_cfg"]
    tag = {key: preprocessing[key] for key in ("mean", "std", "interpolation", "resize_mode")}
    tag |= {"hf_hub": f"{REPOSITORY}/", "quick_gelu": True}
    code = (
        "import json, open_clip; from embedding_shift.encoders import bundles;"
        f"open_clip.add_model_config({str(tmp_path / 'small.json')!r});"
        f"open_clip.pretrained._PRETRAINED['small'] = {{'tag': {tag!r}}};"
        f"bundles.prepare({{'kind': 'open_clip', 'name': 'small', 'pretrained': 'tag'}}, {str(tmp_path / 'bundle')!r})"
    )
    done = run_python(["-c", code], serve(repository).url, tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    provenance = json.loads((tmp_path / "bundle" / PROVENANCE).read_text())
    assert (provenance["name"], provenance["pretrained"], provenance["revision"]) == ("small", "tag", COMMIT)
    assert_same_encoder(tmp_path / "bundle", source, kodak_views[:2])


def test_weights_that_run_code_are_refused(source, tmp_path, serve):
    class RunsCode:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "created"),)

    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / CONFIG).write_text((source / CONFIG).read_text())
    torch.save({"visual.proj": RunsCode()}, repository / "open_clip_pytorch_model.bin", pickle_module=pickle)
    done = prepare(
        {"kind": "hf-hub", "name": REPOSITORY}, tmp_path / "bundle", serve(repository).url, tmp_path / "cache"
    )
    assert done.returncode == 1
    assert not (tmp_path / "created").exists()
    assert_one_line(done, "open_clip cannot load open_clip_pytorch_model.bin")
    assert not (tmp_path / "bundle" / WEIGHTS).exists()


@pytest.mark.parametrize(
    "model",
    [
        {"kind": "hf-hub", "name": REPOSITORY},
        {"kind": "open_clip", "name": "ViT-B-32-quickgelu", "pretrained": "openai"},
    ],
    ids=["hf-hub", "open_clip"],
)
def test_an_unreachable_hub_is_reported(tmp_path, model):
    for environment in ({}, {"HF_HUB_OFFLINE": "1"}):
        done = prepare(model, tmp_path / "bundle", UNREACHABLE, tmp_path / "cache", **environment)
        assert_one_line(done, "is not on this machine and the Hugging Face hub cannot be reached")
        assert "kind: local-dir" in done.stderr
        assert "Retrying" not in done.stderr


def test_a_repository_without_the_files_is_reported(tmp_path, serve):
    tmp_path.joinpath("repository").mkdir()
    server = serve(tmp_path / "repository")
    done = prepare({"kind": "hf-hub", "name": REPOSITORY}, tmp_path / "bundle", server.url, tmp_path / "cache")
    assert_one_line(done, f"{REPOSITORY} on the hub has no {CONFIG}")


def assert_one_line(done, message):
    assert done.returncode == 1
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    assert message in lines[0]


def test_names_with_the_wrong_activation_are_refused():
    wrong = 0
    for name, tag in open_clip.list_pretrained():
        config, weights = open_clip.get_model_config(name), open_clip.get_pretrained_cfg(name, tag)
        if config.get("quick_gelu", False) == weights.get("quick_gelu", False) or name == "roberta-ViT-B-32":
            assert open_clip_names.weights(name, tag) == weights
            continue
        wrong += 1
        with pytest.raises(InputError, match=f"{name!r} builds GELU.*The right name is '{name}-quickgelu'"):
            open_clip_names.weights(name, tag)
        assert open_clip_names.weights(f"{name}-quickgelu", tag) == weights
    assert wrong > 20


@pytest.mark.parametrize(
    ("name", "tag", "message"),
    [
        ("ViT-B-33", "openai", "open_clip has no model 'ViT-B-33'; similar names are ViT-B-32"),
        ("ViT-B-32-quickgelu", "opened", "no weights 'opened' for 'ViT-B-32-quickgelu'; allowed are openai, "),
    ],
)
def test_unknown_names_and_tags_are_refused(name, tag, message):
    with pytest.raises(InputError, match=message):
        open_clip_names.weights(name, tag)


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
