"""Small CLIP models with random weights, as open_clip bundles."""

import json

import open_clip
import torch
from safetensors.torch import save_file

MEAN, STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]


def write_clip_bundle(
    folder, seed=0, quick_gelu=True, patch_size=32, layers=2, width=64, image_size=224, vocabulary=16
):
    """Write a bundle with a native vision transformer of 16-wide heads; return its model configuration and model.

    Texts can be encoded with a vocabulary of 49408 tokens, that of open_clip's tokenizer. It does not change the
    weights of the image tower.
    """
    model_cfg = {
        "embed_dim": 32,
        "quick_gelu": quick_gelu,
        "vision_cfg": {
            "image_size": image_size,
            "layers": layers,
            "width": width,
            "head_width": 16,
            "patch_size": patch_size,
        },
        "text_cfg": {"context_length": 8, "vocab_size": 16, "width": 16, "heads": 1, "layers": 1},
    }
    torch.manual_seed(seed)
    model = open_clip.CLIP(**model_cfg).eval()
    with torch.no_grad():
        for name, weights in model.visual.named_parameters():
            # Far from the initial values, so that attention is not uniform and every bias has an effect.
            weights.add_(torch.randn_like(weights) * (0.2 if "weight" in name or "bias" in name else 0.1))
    model_cfg["text_cfg"]["vocab_size"] = vocabulary
    model.token_embedding = torch.nn.Embedding(vocabulary, 16)
    preprocess_cfg = {
        "size": image_size,
        "mode": "RGB",
        "mean": MEAN,
        "std": STD,
        "interpolation": "bicubic",
        "resize_mode": "squash",
        "fill_color": 0,
    }
    folder.mkdir(parents=True, exist_ok=True)
    config = {"model_cfg": model_cfg, "preprocess_cfg": preprocess_cfg}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    save_file(
        {name: value.contiguous() for name, value in model.state_dict().items()}, folder / "open_clip_model.safetensors"
    )
    return model_cfg, model
