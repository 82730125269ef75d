"""The names under which open_clip lists architectures, and the tags of their weights."""

import difflib
from typing import Any

from embedding_shift.errors import InputError

QUICK_GELU = "-quickgelu"
PREPROCESSING_KEYS = ("mean", "std", "interpolation", "resize_mode")


def architecture(name: str) -> dict[str, Any]:
    """Return open_clip's `model_cfg` of an architecture.

    Raises:
        InputError: open_clip has no such architecture.
    """
    import open_clip

    config: dict[str, Any] | None = open_clip.get_model_config(name)
    if config is None:
        near = difflib.get_close_matches(name, open_clip.list_models(), 3, 0.5)
        raise InputError(f"open_clip has no model {name!r}; similar names are {', '.join(near) or 'none'}")
    return config


def weights(name: str, tag: str) -> dict[str, Any]:
    """Return open_clip's entry for the weights of an architecture and a tag.

    A name without `-quickgelu` builds another activation than the one that OpenAI's and some other weights were trained
    with. open_clip only warns, and the embeddings are wrong.

    Raises:
        InputError: open_clip has no such name or tag, or the activations differ.
    """
    import open_clip

    config = architecture(name)
    entry: dict[str, Any] = open_clip.get_pretrained_cfg(name, tag)
    if not entry:
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(name)) or "none"
        raise InputError(f"open_clip has no weights {tag!r} for {name!r}; allowed are {tags}")
    wanted, built = entry.get("quick_gelu", False), config.get("quick_gelu", False)
    right = f"{name}{QUICK_GELU}" if wanted else name.removesuffix(QUICK_GELU)
    if wanted != built and right != name and open_clip.get_model_config(right) is not None:
        raise InputError(
            f"the weights {tag!r} were trained with {'QuickGELU' if wanted else 'GELU'} and {name!r} builds "
            f"{'QuickGELU' if built else 'GELU'}: their embeddings would be wrong. The right name is {right!r}."
        )
    return entry


def preprocessing(name: str, tag: str | None = None) -> dict[str, Any]:
    """Return the preprocessing of the weights of an architecture in open_clip.

    Args:
        name: name of the architecture.
        tag: tag of the weights; None for all weights of the architecture, which must share their preprocessing. If
            there are none, the result is the preprocessing with which open_clip trains.

    Raises:
        InputError: open_clip has no such name or tag, the activations differ (see `weights`), or the weights do not
            share their preprocessing.
    """
    import open_clip
    from open_clip.transform import PreprocessCfg, merge_preprocess_dict

    tags = [tag] if tag else open_clip.list_pretrained_tags_by_model(name)
    entries = [weights(name, tag)] if tag else [open_clip.get_pretrained_cfg(name, each) for each in tags]
    complete = [merge_preprocess_dict(PreprocessCfg(), entry) for entry in entries or [{}]]
    found, *others = [{key: entry[key] for key in PREPROCESSING_KEYS} for entry in complete]
    if any(other != found for other in others):
        raise InputError(
            f"the weights of {name!r} in open_clip have different preprocessing: set `pretrained` to the tag of the "
            f"weights that the checkpoint was trained from; allowed are {', '.join(tags)}"
        )
    return found


def twin(name: str) -> str | None:
    """Return the architecture that differs from `name` in its activation only; None if open_clip has none."""
    import open_clip

    other = name.removesuffix(QUICK_GELU) if name.endswith(QUICK_GELU) else f"{name}{QUICK_GELU}"
    return other if open_clip.get_model_config(other) is not None else None
