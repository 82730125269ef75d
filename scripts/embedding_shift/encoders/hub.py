"""Get encoders that open_clip knows by name and tag, or that a repository of the Hugging Face hub holds."""

import difflib
import json
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from embedding_shift.encoders.image_encoder import CONFIG_FILE
from embedding_shift.errors import InputError, one_line

# As open_clip names them; safetensors first, since reading it can run no code.
WEIGHTS_NAMES = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")
PROBE_SECONDS = 10


def open_clip_model(name, pretrained):
    """Get an open_clip model by its name and the tag of its weights, from the local cache or the hub.

    Returns:
        config ({"model_cfg": …, "preprocess_cfg": …}), the open_clip model, and where the weights come from.

    Raises:
        InputError: no such name or tag, a name whose activation is not the one the weights were trained with, or
            weights that are neither here nor can be downloaded.
    """
    import open_clip

    tag = check_name(name, pretrained)
    repository, _, file_name = tag["hf_hub"].rpartition("/")
    names = _safe_first(file_name) if file_name else WEIGHTS_NAMES
    weights, revision = fetch(repository, names)
    config = {"model_cfg": open_clip.get_model_config(name), "preprocess_cfg": tag}
    return *_load(config, weights), {"repository": repository, "revision": revision, "file": weights.name}


def hub_model(repository, revision=None):
    """Get an open_clip model from a repository of the hub; returns and raises as `open_clip_model`."""
    config_path, commit = fetch(repository, (CONFIG_FILE,), revision)
    weights, _ = fetch(repository, WEIGHTS_NAMES, commit)
    try:
        config = json.loads(config_path.read_text())
    except ValueError as error:
        raise InputError(f"{CONFIG_FILE} of {repository} is not JSON: {error}") from None
    return *_load(config, weights), {"repository": repository, "revision": commit, "file": weights.name}


def check_name(name, pretrained):
    """Return open_clip's own entry for a name and a tag; arguments and errors as of `open_clip_model`.

    A name without `-quickgelu` builds another activation than OpenAI's and some others' weights were trained with;
    open_clip only warns of it, and the embeddings are quietly wrong.
    """
    import open_clip

    config = open_clip.get_model_config(name)
    if config is None:
        near = difflib.get_close_matches(name, open_clip.list_models(), 3, 0.5)
        raise InputError(f"open_clip has no model {name!r}; near are {', '.join(near) or 'none'}")
    tag = open_clip.get_pretrained_cfg(name, pretrained)
    if not tag:
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(name)) or "none"
        raise InputError(f"open_clip has no weights {pretrained!r} for {name!r}; allowed are {tags}")
    wanted, built = tag.get("quick_gelu", False), config.get("quick_gelu", False)
    right = f"{name}-quickgelu" if wanted else name.removesuffix("-quickgelu")
    if wanted != built and right != name and open_clip.get_model_config(right) is not None:
        raise InputError(
            f"the weights {pretrained!r} were trained with {'QuickGELU' if wanted else 'GELU'} and {name!r} builds "
            f"{'QuickGELU' if built else 'GELU'}: their embeddings would be wrong. The right name is {right!r}."
        )
    return tag


def fetch(repository, names, revision=None):
    """Return the local path and the commit of the first of `names` that a repository of the hub has.

    What the cache holds is taken from there; the hub is asked only for the rest, once it has been seen to answer.
    """
    import httpx2
    from huggingface_hub import errors, hf_hub_download

    def first(**options):
        for name in names:
            try:
                path = Path(hf_hub_download(repository, name, revision=revision, **options))
                return path, path.relative_to(path.parents[name.count("/") + 1]).parts[0]
            except errors.EntryNotFoundError as error:
                missing = error
        raise missing

    try:
        return first(local_files_only=True)
    except errors.LocalEntryNotFoundError:
        _require_hub(repository)
    except errors.HFValidationError as error:
        raise InputError(f"{repository!r} is no name of a repository: {one_line(error)}") from None
    try:
        return first()
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.RemoteEntryNotFoundError) as error:
        at = f" at revision {revision!r}" if revision else ""
        raise InputError(f"{repository}{at} on the hub has no {' or '.join(names)}: {one_line(error)}") from None
    except (OSError, httpx2.HTTPError, errors.HfHubHTTPError, errors.RevisionResolutionError) as error:
        raise InputError(_unreachable(repository, one_line(error))) from None


def _require_hub(repository):
    """Raise InputError at once where the hub does not answer; its own client would try again for a long time."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise InputError(_unreachable(repository, "HF_HUB_OFFLINE is set"))
    try:
        urllib.request.urlopen(urllib.request.Request(constants.ENDPOINT, method="HEAD"), timeout=PROBE_SECONDS).close()
    except urllib.error.HTTPError:
        pass  # It answers.
    except OSError as error:
        reason = f"{constants.ENDPOINT}: {getattr(error, 'reason', error)}"
        raise InputError(_unreachable(repository, reason)) from None


def _unreachable(repository, reason):
    return (
        f"the encoder {repository} is not on this machine and the Hugging Face hub cannot be reached ({reason}). "
        "Connect to a network and run again, or make its folder in results/models/ on a machine that is connected, "
        "copy it to a place here outside of results/ and name it with `kind: local-dir` and `path`."
    )


def _safe_first(name):
    stem, _, suffix = name.rpartition(".")
    return (f"{stem}.safetensors", name) if suffix in ("bin", "pth", "pt") else (name,)


def _load(config, weights):
    """Build the model of `config` with the file `weights`, in whichever of open_clip's older forms it is.

    Returns:
        config, with the size and preprocessing that the model has in open_clip, and the model.
    """
    import open_clip

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, CONFIG_FILE).write_text(json.dumps(config))
        Path(folder, weights.name).symlink_to(weights.resolve())
        try:
            model = open_clip.create_model(f"local-dir:{folder}", precision="fp32", weights_only=True)
        except Exception as error:
            raise InputError(f"open_clip cannot load {weights.name}: {one_line(error)}") from None
    return {"model_cfg": config["model_cfg"], "preprocess_cfg": model.visual.preprocess_cfg}, model
