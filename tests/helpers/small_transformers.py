"""Models of transformers with few layers and random weights, and what transformers computes with them."""

import json

import torch
from torch.overrides import TorchFunctionMode

VISION = {"num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 16, "patch_size": 4, "intermediate_size": 24}
PREPROCESSOR = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4], "resample": 3}


def _blip():
    from transformers import BlipConfig, BlipForImageTextRetrieval

    text = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 12}
    config = BlipConfig(
        vision_config=VISION | {"hidden_size": 16, "layer_norm_eps": 1e-3},
        text_config=text | {"vocab_size": 40, "bos_token_id": 1, "sep_token_id": 2, "max_position_embeddings": 30},
        image_text_hidden_size=6,
    )
    return BlipForImageTextRetrieval(config)


def _kosmos():
    from transformers import Kosmos2Config, Kosmos2ForConditionalGeneration

    text = {"embed_dim": 12, "layers": 1, "ffn_dim": 8, "attention_heads": 3, "vocab_size": 8}
    config = Kosmos2Config(vision_config=VISION | {"hidden_size": 16}, text_config=text, latent_query_num=5)
    return Kosmos2ForConditionalGeneration._from_config(config, attn_implementation="eager")


def _idefics():
    from transformers import IdeficsConfig, IdeficsForVisionText2Text

    resampler = {"resampler_depth": 2, "resampler_n_heads": 2, "resampler_head_dim": 6, "resampler_n_latents": 5}
    config = IdeficsConfig(
        vision_config=VISION | {"embed_dim": 16},
        perceiver_config=resampler | {"qk_layer_norms_perceiver": True, "use_resampler": True},
        use_resampler=True,
        **{"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "vocab_size": 8},
    )
    return IdeficsForVisionText2Text(config)


MODELS = {"blip": _blip, "kosmos-2": _kosmos, "idefics": _idefics}
SIZES = {
    "blip": {"size": {"height": 16, "width": 16}},
    "kosmos-2": {"size": {"shortest_edge": 16}, "crop_size": {"height": 16, "width": 16}},
    "idefics": {"image_size": 16},
}


def write_model(name, folder, **options):
    """Write a small model, and return it; `options` go to `save_pretrained`."""
    torch.manual_seed(0)
    model = MODELS[name]().eval().requires_grad_(False)
    for weights in model.parameters():
        weights.add_(0.2 * torch.randn_like(weights))
    model.save_pretrained(folder, **options)
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR | SIZES[name]))
    return model


@torch.inference_mode()
def expected(name, model, pixels):
    """Return the embeddings (N, D) and the attention (N, heads, keys) that transformers computes."""
    if name == "blip":
        output = model.vision_model(pixels, output_attentions=True)
        return model.vision_proj(output.last_hidden_state[:, 0]), output.attentions[-1][:, :, 0]
    latents, attention = expected_latents(name, model, pixels)
    return latents.mean(1), attention.mean(2)


@torch.inference_mode()
def expected_latents(name, model, pixels):
    """Return the latents (N, K, D) and their attention (N, heads, K, keys) that transformers computes."""
    if name == "kosmos-2":
        from transformers import Kosmos2Model

        output = Kosmos2Model.get_image_features(model, pixels)  # which the models for generation lack
        return output.pooler_output, output.projection_attentions
    tokens = model.model.vision_model(pixels).last_hidden_state
    with _Softmax() as seen:
        latents = model.model.perceiver_resampler(tokens)
    return latents, seen.results[-1]


class _Softmax(TorchFunctionMode):
    def __init__(self):
        super().__init__()
        self.results = []

    def __torch_function__(self, function, types, arguments=(), options=None):
        result = function(*arguments, **(options or {}))
        if function is torch.Tensor.softmax:
            self.results.append(result)
        return result
