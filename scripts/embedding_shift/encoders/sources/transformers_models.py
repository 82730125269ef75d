"""Read the vision part of a model of transformers, from a folder or from the Hugging Face hub.

Of the weights, only the vision part with its projection or pool is read, and the text part if it embeds texts among the
images. Of weights in several files, only those files are fetched that hold them. transformers is not needed for that.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from embedding_shift.config.entries import ModelSource
from embedding_shift.encoders.bundle_files import TOKENIZER_FILES, BundleConfig, State
from embedding_shift.encoders.sources import checkpoint_files, hub, transformers_texts
from embedding_shift.encoders.sources.transformers_families import FAMILIES, Family
from embedding_shift.encoders.towers import tower_loading
from embedding_shift.errors import InputError, one_line

CONFIG, PREPROCESSOR = "config.json", "preprocessor_config.json"
INDEX, WEIGHTS, PICKLED = "model.safetensors.index.json", "model.safetensors", "pytorch_model.bin"
INTERPOLATIONS = {2: "bilinear", 3: "bicubic"}  # by Pillow's number of the filter
RETRIEVAL = "vision_proj.weight"

Find = Callable[..., Path]
"""Returns the path of the first of several file names that a model has; raises InputError if it has none of them."""


class TransformersModel(NamedTuple):
    """The vision part of a model, and its text part if it embeds texts among the images.

    Attributes:
        config: open_clip's configuration of the towers, and the preprocessing.
        state: the weights of the bundle, float32.
        source: for a model of the hub, its repository, the commit, and the files of the weights.
        text_files: the files that the text part needs in the bundle, by name.
    """

    config: BundleConfig
    state: State
    source: dict[str, str]
    text_files: Mapping[str, bytes]


def read(model: ModelSource) -> TransformersModel:
    """Read the vision part of a configured model.

    Args:
        model: the model's entry in the configuration, with the keys of kind `transformers`.

    Raises:
        InputError: a file or weights are missing or damaged, or the architecture is not known.
    """
    find, place, source = _locate(model)
    family, original, config = _configured(find, place)
    files = _weight_files(find, place, family)
    found = {name: tensor for path in files for name, tensor in _read(path, family).items()}
    if not any(name.startswith(family.roots[0]) for name in found):
        raise InputError(f"the weights of {place} have no vision part; those of the whole model are needed")

    def weights(name: str) -> Any:
        if name not in found:
            hint = "; a model for image-text retrieval has it" if name == RETRIEVAL else ""
            raise InputError(f"the weights of {place} have no {name!r}{hint}")
        return found[name].float()

    text_files: dict[str, bytes] = {}
    try:
        state = {f"visual.{name}": tensor for name, tensor in family.state(weights, config["model_cfg"]).items()}
        if any(name.startswith(transformers_texts.TEXT_PART) for name in found):
            text = transformers_texts.convert(original, found, weights, place)
            config["model_cfg"]["text_cfg"] = text.text_cfg
            state |= text.state
            text_files = {**text.files, **_tokenizer(find)}
        elif "latent_pool" not in config["model_cfg"]:
            state = tower_loading.with_empty_text(config["model_cfg"], state)
    except (RuntimeError, IndexError) as error:
        raise InputError(f"the weights of {place} do not have the shapes of {CONFIG}: {one_line(error)}") from None
    state = {name: tensor.clone().contiguous() for name, tensor in state.items()}
    source |= {"file": ", ".join(path.name for path in files)} if source else {}
    return TransformersModel(config, state, source, text_files)


def model_cfg(model: ModelSource) -> dict[str, Any]:
    """Return open_clip's `model_cfg` of a configured model, without reading its weights."""
    find, place, _ = _locate(model)
    return _configured(find, place)[2]["model_cfg"]


def _locate(model: ModelSource) -> tuple[Find, str, dict[str, str]]:
    """Return how to find a model's files, its name for messages, and where on the hub it is."""
    if "path" in model:
        folder = Path(model["path"])

        def find_local(*names: str) -> Path:
            found = next((folder / name for name in names if (folder / name).is_file()), None)
            if found is None:
                raise InputError(f"{folder} is not a model of transformers: it has no {' or '.join(names)}")
            return found

        return find_local, str(folder), {}
    name = model["name"]
    _, commit = hub.fetch(name, (CONFIG,), model.get("revision"))
    return lambda *names: hub.fetch(name, names, commit)[0], name, {"repository": name, "revision": commit}


def _configured(find: Find, place: str) -> tuple[Family, dict[str, Any], BundleConfig]:
    """Return the family of a model, its configuration, and that of open_clip."""
    config, preprocessor = _json(find(CONFIG)), _json(find(PREPROCESSOR))
    architecture = config.get("model_type")
    if architecture not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise InputError(f"{place} has the architecture {architecture!r} of transformers; known are {known}")
    family = FAMILIES[architecture]
    try:
        converted = family.model_cfg(config)
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise InputError(f"{CONFIG} of {place} is not a configuration of {architecture}: {one_line(error)}") from None
    if converted["embed_dim"] < 1:
        raise InputError(
            f"by {CONFIG} of {place}, its embeddings have {converted['embed_dim']} dimensions and not 1 or more"
        )
    return family, config, {"model_cfg": converted, "preprocess_cfg": _preprocessing(preprocessor, place)}


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} is not a JSON object")
    return content


def _preprocessing(preprocessor: dict[str, Any], place: str) -> dict[str, Any]:
    """Return the preprocessing in the form of open_clip."""
    where = f"{PREPROCESSOR} of {place}"
    for name in ("image_mean", "image_std"):
        if not isinstance(preprocessor.get(name), list):
            raise InputError(f"{where} has no {name!r}")
    filter_number = preprocessor.get("resample", 3)
    if filter_number not in INTERPOLATIONS:
        raise InputError(f"{where}: the filter {filter_number!r} of 'resample' is not one of {INTERPOLATIONS}")
    size = preprocessor.get("size")
    return {
        "mean": preprocessor["image_mean"],
        "std": preprocessor["image_std"],
        "interpolation": INTERPOLATIONS[filter_number],
        "resize_mode": "shortest" if isinstance(size, dict) and "shortest_edge" in size else "squash",
    }


def _tokenizer(find: Find) -> dict[str, bytes]:
    """Return the files of a model's tokenizer; empty if one is missing, which is said when texts are encoded."""
    with suppress(InputError):
        return {name: find(name).read_bytes() for name in TOKENIZER_FILES}
    return {}


def _weight_files(find: Find, place: str, family: Family) -> list[Path]:
    """Return the files that hold the needed parts of a model."""
    first = find(INDEX, WEIGHTS, PICKLED)
    if first.name != INDEX:
        return [first]
    entries = _json(first).get("weight_map")
    if not isinstance(entries, dict):
        raise InputError(f"{first} has no 'weight_map'")
    files = {file for name, file in entries.items() if _from_root(name, family)}
    if not files:
        raise InputError(f"the weights of {place} have no vision part; those of the whole model are needed")
    return [find(file) for file in sorted(files)]


def _read(path: Path, family: Family) -> State:
    """Return the needed weights of a file by their names from the root on."""
    checkpoint_files.refuse_other_files(path)
    if path.name == PICKLED:
        found = checkpoint_files.read(path)
        return {root: found[name] for name in found if (root := _from_root(name, family))}
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            roots = {name: _from_root(name, family) for name in file.keys()}  # noqa: SIM118
            return {root: file.get_tensor(name) for name, root in roots.items() if root}
    except SafetensorError as error:
        raise InputError(f"{path} is damaged: {one_line(error)}") from None


def _from_root(name: str, family: Family) -> str:
    """Return the name of needed weights without what precedes its root, such as `model.`; empty for other weights."""
    for root in (*family.roots, *(transformers_texts.ROOTS if family.has_texts else ())):
        _, found, rest = f".{name}".partition(f".{root}")
        if found:
            return root + rest
    return ""
