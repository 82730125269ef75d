"""Real architectures with random weights, as open_clip bundles with the smallest possible text tower."""

import json

import numpy as np
import open_clip
import torch
from safetensors.torch import save_file

from embedding_shift.encoders.image_encoder import Encoder
from embedding_shift.encoders.towers.tower_loading import NO_TEXT

# timm's DINOv2 with register tokens, which open_clip does not list.
DINOV2 = {
    "embed_dim": 384,
    "custom_text": True,
    "vision_cfg": {
        "image_size": 518,
        "timm_model_name": "vit_small_patch14_reg4_dinov2",
        "timm_pool": "token",
        "timm_proj": "none",
    },
}
PREPROCESSING = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4], "interpolation": "bilinear", "resize_mode": "squash"}


def write_bundle(folder, name, **vision_changes):
    """Write the bundle of an architecture of open_clip, or of "DINOv2", with attention that is not uniform."""
    model_cfg = DINOV2 if name == "DINOv2" else open_clip.get_model_config(name)
    model_cfg = {key: value for key, value in model_cfg.items() if key != "multimodal_cfg"}
    model_cfg |= {"text_cfg": NO_TEXT, "custom_text": True}
    model_cfg["vision_cfg"] = model_cfg["vision_cfg"] | vision_changes
    torch.manual_seed(0)
    model = open_clip.CustomTextCLIP(**{key: value for key, value in model_cfg.items() if key != "custom_text"})
    with torch.no_grad():
        for parameter_name, weights in model.visual.named_parameters():
            if "attn" in parameter_name:
                weights.add_(0.05 * torch.randn_like(weights))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": model_cfg, "preprocess_cfg": PREPROCESSING}))
    state = {key: value.clone().contiguous() for key, value in model.state_dict().items()}
    save_file(state, folder / "open_clip_model.safetensors")
    return folder


def assert_same_encoder(bundle, source, views):
    ours, expected = (Encoder(folder, "cpu", 2).encode(views) for folder in (bundle, source))
    np.testing.assert_array_equal(ours[1], expected[1])
    np.testing.assert_array_equal(ours[2], expected[2])
