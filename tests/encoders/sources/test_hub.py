"""Encoders of the Hugging Face hub and of open_clip: the same three files, from a hub on this machine."""

import json
import os
import pickle
import threading

import pytest
import torch
from local_hub import COMMIT, REPOSITORY, UNREACHABLE, Hub, prepare, run_python
from safetensors.torch import load_file
from small_transformers import write_model
from text_towers import write_tokenizer
from towers import assert_same_encoder

from embedding_shift.io import atomic

pytestmark = pytest.mark.slow

CONFIG, WEIGHTS, PROVENANCE = "open_clip_config.json", "open_clip_model.safetensors", "provenance.json"


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


@pytest.mark.parametrize("safe", [True, False], ids=["safetensors", "bin"])
def test_a_model_of_a_repository(source, tmp_path, serve, kodak_views, safe):
    repository = tmp_path / "repository"
    repository.mkdir()
    config = json.loads((source / CONFIG).read_text())
    if safe:
        config["model_cfg"]["text_cfg"]["hf_tokenizer_name"] = "someone/tokenizer"
        write_tokenizer(repository)
    (repository / CONFIG).write_text(json.dumps(config))
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
    tokenizer = {path.name: path.read_bytes() for path in repository.glob("tokenizer*")}
    assert {path.name: path.read_bytes() for path in bundle.glob("tokenizer*")} == tokenizer

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


def test_of_a_model_of_transformers_only_the_vision_part_is_fetched(tmp_path, serve):
    """Its weights are in several files, some of which hold text alone."""
    write_model("kosmos-2", tmp_path / "repository", max_shard_size="2KB")
    index = json.loads((tmp_path / "repository/model.safetensors.index.json").read_text())["weight_map"]
    needed = {file for name, file in index.items() if not name.startswith("text_model")}
    assert needed < set(index.values())
    server = serve(tmp_path / "repository")
    model = {"kind": "transformers", "name": REPOSITORY}
    done = prepare(model, tmp_path / "bundle", server.url, tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    assert {path.split("/")[-1] for path in server.requested if "model-" in path} == needed
    provenance = json.loads((tmp_path / "bundle" / PROVENANCE).read_text())
    assert (provenance["revision"], provenance["file"]) == (COMMIT, ", ".join(sorted(needed)))

    local = {"kind": "transformers", "path": str(tmp_path / "repository")}
    done = prepare(local, tmp_path / "local", UNREACHABLE, tmp_path / "none")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "local" / WEIGHTS).read_bytes() == (tmp_path / "bundle" / WEIGHTS).read_bytes()


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
