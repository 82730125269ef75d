"""Fetch encoders from the Hugging Face hub: those that open_clip lists by name and tag, and those of any repository."""

import json
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from embedding_shift.encoders.bundle_files import CONFIG_FILE, TOKENIZER_FILES, BundleConfig, HubSource
from embedding_shift.encoders.sources import open_clip_names
from embedding_shift.errors import InputError, one_line

if TYPE_CHECKING:
    from torch import nn

# open_clip's names of weights files; safetensors first, because loading it cannot run code.
WEIGHTS_NAMES = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")
PROBE_SECONDS = 10


class FetchedModel(NamedTuple):
    """A model of the hub.

    Attributes:
        config: its configuration; the size and the preprocessing are those that the model has in open_clip.
        model: the open_clip model with its weights, float32, on the CPU.
        source: where the weights come from.
        tokenizer: the files of the tokenizer, if the hub has them and the text tower does not use open_clip's.
    """

    config: BundleConfig
    model: "nn.Module"
    source: HubSource
    tokenizer: list[Path]


def open_clip_model(name: str, pretrained: str) -> FetchedModel:
    """Fetch an open_clip model by its name and the tag of its weights, from the local cache or the hub.

    Raises:
        InputError: open_clip has no such name or tag, the weights were trained with another activation than the name
            builds, or the weights are neither in the cache nor can be downloaded.
    """
    import open_clip

    tag = open_clip_names.weights(name, pretrained)
    repository, _, file_name = tag["hf_hub"].rpartition("/")
    names = _safe_first(file_name) if file_name else WEIGHTS_NAMES
    weights, revision = fetch(repository, names)
    config: BundleConfig = {"model_cfg": open_clip.get_model_config(name), "preprocess_cfg": tag}
    return _load(config, weights, {"repository": repository, "revision": revision, "file": weights.name})


def hub_model(repository: str, revision: str | None = None) -> FetchedModel:
    """Fetch an open_clip model from a repository of the hub, from the local cache if it is there.

    Args:
        repository: name of the repository, with its owner.
        revision: branch, tag or commit; None for the default branch.

    Raises:
        InputError: the hub has no such repository, revision or file, or it cannot be reached.
    """
    config_path, commit = fetch(repository, (CONFIG_FILE,), revision)
    weights, _ = fetch(repository, WEIGHTS_NAMES, commit)
    try:
        config = json.loads(config_path.read_text())
    except ValueError as error:
        raise InputError(f"{CONFIG_FILE} of {repository} is not JSON: {error}") from None
    return _load(config, weights, {"repository": repository, "revision": commit, "file": weights.name})


def fetch(repository: str, names: Sequence[str], revision: str | None = None) -> tuple[Path, str]:
    """Return the local path and the commit of the first of `names` that a repository of the hub has.

    A file in the cache is used without a request. Otherwise a short request checks first that the hub answers.

    Raises:
        InputError: the hub has no such repository, revision or file, or it cannot be reached.
    """
    import httpx2
    from huggingface_hub import errors, hf_hub_download

    def first(local_files_only: bool) -> tuple[Path, str]:
        for name in names:
            try:
                path = Path(hf_hub_download(repository, name, revision=revision, local_files_only=local_files_only))
                return path, path.relative_to(path.parents[name.count("/") + 1]).parts[0]
            except errors.EntryNotFoundError as error:
                missing = error
        raise missing

    try:
        return first(local_files_only=True)
    except errors.LocalEntryNotFoundError:
        _require_hub(repository)
    except errors.HFValidationError as error:
        raise InputError(f"{repository!r} is not the name of a repository: {one_line(error)}") from None
    try:
        return first(local_files_only=False)
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.RemoteEntryNotFoundError) as error:
        at = f" at revision {revision!r}" if revision else ""
        raise InputError(f"{repository}{at} on the hub has no {' or '.join(names)}: {one_line(error)}") from None
    except (OSError, httpx2.HTTPError, errors.HfHubHTTPError, errors.RevisionResolutionError) as error:
        raise InputError(_unreachable(repository, one_line(error))) from None


def _fetch_tokenizer(config: BundleConfig, repository: str, commit: str) -> list[Path]:
    """Return the files of a tokenizer that the repository of its model holds; empty if it does not hold them all.

    Encoding texts then says which files to copy; encoding images does not need them.
    """
    if not config["model_cfg"].get("text_cfg", {}).get("hf_tokenizer_name"):
        return []
    try:
        return [fetch(repository, (name,), commit)[0] for name in TOKENIZER_FILES]
    except InputError:
        return []


def _require_hub(repository: str) -> None:
    """Raise InputError at once if the hub does not answer; its own client would retry for a long time."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise InputError(_unreachable(repository, "HF_HUB_OFFLINE is set"))
    try:
        urllib.request.urlopen(urllib.request.Request(constants.ENDPOINT, method="HEAD"), timeout=PROBE_SECONDS).close()
    except urllib.error.HTTPError:
        pass  # The hub answers.
    except OSError as error:
        reason = f"{constants.ENDPOINT}: {getattr(error, 'reason', error)}"
        raise InputError(_unreachable(repository, reason)) from None


def _unreachable(repository: str, reason: str) -> str:
    return (
        f"the encoder {repository} is not on this machine and the Hugging Face hub cannot be reached ({reason}). "
        "Connect to a network and run again, or prepare its bundle on a connected machine, copy that folder of "
        "results/models/ to a place outside of results/ on this machine, and configure it with `kind: local-dir` and "
        "`path`."
    )


def _safe_first(name: str) -> tuple[str, ...]:
    """Return a name of weights after the name of the same weights as safetensors."""
    stem, _, suffix = name.rpartition(".")
    return (f"{stem}.safetensors", name) if suffix in ("bin", "pth", "pt") else (name,)


def _load(config: BundleConfig, weights: Path, source: HubSource) -> FetchedModel:
    """Build the model of `config` with the file `weights`, in any format that open_clip reads."""
    import open_clip

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, CONFIG_FILE).write_text(json.dumps(config))
        Path(folder, weights.name).symlink_to(weights.resolve())
        try:
            model = open_clip.create_model(f"local-dir:{folder}", precision="fp32", weights_only=True)
        except Exception as error:
            raise InputError(f"open_clip cannot load {weights.name}: {one_line(error)}") from None
    complete: BundleConfig = {"model_cfg": config["model_cfg"], "preprocess_cfg": model.visual.preprocess_cfg}
    return FetchedModel(complete, model, source, _fetch_tokenizer(config, source["repository"], source["revision"]))
