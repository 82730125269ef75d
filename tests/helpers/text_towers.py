"""Bundles with real text towers of random weights, and tokenizers of a few words."""

import json

import open_clip
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from towers import PREPROCESSING

from embedding_shift.encoders.towers.text_tower import NO_IMAGES

WORDS = ["a", "photo", "of", "dog", "cat", "blurry", "noisy", "the"]


def write_text_bundle(folder, name, half=False, **text_changes):
    """Write the text tower of an architecture of open_clip beside a very small image tower; return the model."""
    model_cfg = open_clip.get_model_config(name)
    model_cfg = {key: value for key, value in model_cfg.items() if key != "multimodal_cfg"}
    model_cfg |= {"vision_cfg": NO_IMAGES, "text_cfg": model_cfg["text_cfg"] | text_changes}
    own_class = model_cfg.get("custom_text") or "hf_model_name" in model_cfg["text_cfg"] or "coca" in name
    build = open_clip.CustomTextCLIP if own_class else open_clip.CLIP
    torch.manual_seed(0)
    model = build(**{key: value for key, value in model_cfg.items() if key != "custom_text"}).eval()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": model_cfg, "preprocess_cfg": PREPROCESSING}))
    state = {key: value.half() if half else value.clone() for key, value in model.state_dict().items()}
    save_file({key: value.contiguous() for key, value in state.items()}, folder / "open_clip_model.safetensors")
    return model


def write_tokenizer(folder, tokens=None, pad="<pad>"):
    """Write a tokenizer that knows WORDS and ends a text with `</s>`, with `tokens` tokens in all."""
    names = [pad, "</s>", "<unk>", *WORDS]
    names += [f"word{number}" for number in range((tokens or len(names)) - len(names))]
    tokenizer = Tokenizer(models.WordLevel({name: place for place, name in enumerate(names)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": pad, "eos_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"unk_token": "<unk>", "sep_token": "</s>"}))
    return folder
