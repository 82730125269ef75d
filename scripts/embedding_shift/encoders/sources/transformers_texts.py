"""Convert the text part of BLIP to a text tower of open_clip, which builds it as a BERT with transformers.

When it embeds a text, BLIP's text part is a BERT without types of tokens: its attention to an image is off. The tower
reads out the first token. open_clip's projection has no bias; that of BLIP moves through the projection into the bias
of the last LayerNorm.

The names of weights and the defaults of the configuration are those of transformers 5.23.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import torch

from embedding_shift.encoders.bundle_files import TRANSFORMERS_CONFIG, State
from embedding_shift.encoders.sources.transformers_families import Config, Weights, before_projection

TEXT_PART, PROJECTION = "text_encoder.", "text_proj."
ROOTS = (TEXT_PART, PROJECTION)
DEFAULTS: dict[str, Any] = {
    **{"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 8},
    **{"vocab_size": 30524, "max_position_embeddings": 512, "hidden_act": "gelu", "layer_norm_eps": 1e-12},
    "pad_token_id": 0,
}
TO_IMAGES = ".crossattention."
TYPES = "embeddings.token_type_embeddings.weight"


class TextPart(NamedTuple):
    """The text tower of a bundle.

    Attributes:
        text_cfg: open_clip's configuration of the tower.
        state: its weights, by their names in the bundle.
        files: other files of the bundle by name.
    """

    text_cfg: dict[str, Any]
    state: State
    files: Mapping[str, bytes]


def convert(config: Config, names: Collection[str], weights: Weights, tokenizer: str) -> TextPart:
    """Return the text tower of a BLIP model.

    Args:
        config: its configuration.
        names: the names of its weights, from a root in ROOTS on.
        weights: returns the weights of a name.
        tokenizer: name of the model that has the files of its tokenizer, for messages.

    Raises:
        InputError: weights are missing or do not fit together.
    """
    found = dict(config.get("text_config") or {})
    settings = {key: found.get(key, value) for key, value in DEFAULTS.items()}
    layers = [name.removeprefix(TEXT_PART) for name in names if name.startswith(TEXT_PART) and TO_IMAGES not in name]
    tower = {name: weights(TEXT_PART + name) for name in layers if not name.endswith(".position_ids")}
    tower[TYPES] = torch.zeros(1, settings["hidden_size"])
    projection = weights(PROJECTION + "weight")
    last_bias = f"encoder.layer.{settings['num_hidden_layers'] - 1}.output.LayerNorm.bias"
    bias = before_projection(weights(PROJECTION + "bias"), projection.T, PROJECTION + "bias")
    tower[last_bias] = weights(TEXT_PART + last_bias) + bias
    text_cfg = {
        "hf_model_name": tokenizer,
        "hf_tokenizer_name": tokenizer,
        "hf_pooler_type": "cls_last_hidden_state_pooler",
        "hf_proj_type": "linear",
        "context_length": settings["max_position_embeddings"],
        "vocab_size": settings["vocab_size"],
    }
    bert = {"model_type": "bert", "architectures": ["BertModel"], "type_vocab_size": 1, **settings}
    state = {f"text.transformer.{name}": tensor for name, tensor in tower.items()} | {"text.proj.weight": projection}
    return TextPart(text_cfg, state, {TRANSFORMERS_CONFIG: json.dumps(bert, indent=2).encode()})
