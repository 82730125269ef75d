"""Turn texts into the token ids of an encoder's text tower, without a network.

open_clip carries the vocabulary of its own tokenizer. Other text towers need the files of theirs in the bundle.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from embedding_shift.encoders.bundle_files import CONFIG_FILE, TOKENIZER_FILES
from embedding_shift.errors import InputError, one_line

Tokenizer = Callable[[Sequence[str]], Tensor]
"""Maps N texts to token ids (N, context length); longer texts are cut, and keep their end-of-text token."""

DEFAULT_LENGTH = 77
# A text tower may have a few more embeddings than its tokenizer has tokens: CLIPA has 32,000 for 30,522.
LEAST_USED_SHARE = 0.9


def of_bundle(bundle: str | Path) -> Tokenizer:
    """Return the tokenizer of a bundle with a text tower.

    Raises:
        InputError: the tokenizer's files are missing or damaged, or they belong to another text tower.
    """
    bundle = Path(bundle)
    text_cfg = json.loads((bundle / CONFIG_FILE).read_text())["model_cfg"]["text_cfg"]
    length = text_cfg.get("context_length", DEFAULT_LENGTH)
    options = dict(text_cfg.get("tokenizer_kwargs") or {})
    name = text_cfg.get("hf_tokenizer_name")
    if text_cfg.get("tokenizer_mode"):
        raise InputError(f"the tokenizer mode {text_cfg['tokenizer_mode']!r} of the bundle {bundle} is not supported")
    if not name:
        import open_clip

        packaged = open_clip.SimpleTokenizer(context_length=length, **options)
        _refuse_other_vocabulary(packaged.vocab_size, text_cfg, bundle)
        return lambda texts: packaged(list(texts))
    for file_name in TOKENIZER_FILES:
        if not (bundle / file_name).is_file():
            raise InputError(
                f"the text tower in {bundle} has a tokenizer of its own: copy {' and '.join(TOKENIZER_FILES)} of "
                f"https://huggingface.co/{name} into the folder of the bundle"
            )
    return _from_files(bundle, text_cfg, length, options)


def _from_files(bundle: Path, text_cfg: dict[str, Any], length: int, options: dict[str, Any]) -> Tokenizer:
    from open_clip.tokenizer import get_clean_fn
    from tokenizers import Tokenizer as Fast

    definition, settings_file = (bundle / name for name in TOKENIZER_FILES)
    try:
        fast = Fast.from_file(str(definition))
        settings = json.loads(settings_file.read_text())
        pad = _content(settings.get("pad_token"))
        pad_id = fast.token_to_id(pad)
    except Exception as error:  # tokenizers raises nothing more specific
        raise InputError(f"the tokenizer in {bundle} cannot be loaded: {one_line(error)}") from None
    if pad_id is None:
        raise InputError(f"the padding token {pad!r} of {settings_file} is not a token of {definition}")
    _refuse_other_vocabulary(fast.get_vocab_size(), text_cfg, bundle)
    side = {"direction": settings.get("padding_side", "right")}
    fast.enable_truncation(length, direction=settings.get("truncation_side", "right"))
    fast.enable_padding(length=length, pad_id=pad_id, pad_token=pad, **side)
    clean = get_clean_fn(options.get("clean", "whitespace"))
    separator = fast.token_to_id(_content(settings.get("sep_token"))) if options.get("strip_sep_token") else None

    def tokenize(texts: Sequence[str]) -> Tensor:
        encoded = fast.encode_batch([clean(text) for text in texts])
        ids = torch.tensor([each.ids for each in encoded], dtype=torch.long).reshape(-1, length)
        return ids if separator is None else ids.masked_fill(ids == separator, 0)

    return tokenize


def _content(token: Any) -> str:
    """Return the text of a token of tokenizer_config.json, which is a text or an object; empty if there is none."""
    return str(token["content"] if isinstance(token, dict) else token or "")


def _refuse_other_vocabulary(tokens: int, text_cfg: dict[str, Any], bundle: Path) -> None:
    """Raise InputError if a tokenizer cannot be that of a text tower, as the sizes of both vocabularies show."""
    embeddings = text_cfg.get("vocab_size")
    if embeddings and not LEAST_USED_SHARE * embeddings <= tokens <= embeddings:
        raise InputError(
            f"the tokenizer of the bundle {bundle} has {tokens} tokens and the text tower {embeddings}: "
            "it is the tokenizer of another model"
        )
