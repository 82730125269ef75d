"""Names of models and weights of open_clip: wrong ones are refused with the right name."""

import open_clip
import pytest

from embedding_shift.encoders.sources import open_clip_names
from embedding_shift.errors import InputError

pytestmark = pytest.mark.slow


def test_names_with_the_wrong_activation_are_refused():
    wrong = 0
    for name, tag in open_clip.list_pretrained():
        config, weights = open_clip.get_model_config(name), open_clip.get_pretrained_cfg(name, tag)
        if config.get("quick_gelu", False) == weights.get("quick_gelu", False) or name == "roberta-ViT-B-32":
            assert open_clip_names.weights(name, tag) == weights
            continue
        wrong += 1
        with pytest.raises(InputError, match=f"{name!r} builds GELU.*The right name is '{name}-quickgelu'"):
            open_clip_names.weights(name, tag)
        assert open_clip_names.weights(f"{name}-quickgelu", tag) == weights
    assert wrong > 20


@pytest.mark.parametrize(
    ("name", "tag", "message"),
    [
        ("ViT-B-33", "openai", "open_clip has no model 'ViT-B-33'; similar names are ViT-B-32"),
        ("ViT-B-32-quickgelu", "opened", "no weights 'opened' for 'ViT-B-32-quickgelu'; allowed are openai, "),
    ],
)
def test_unknown_names_and_tags_are_refused(name, tag, message):
    with pytest.raises(InputError, match=message):
        open_clip_names.weights(name, tag)
