"""The gradient of the shift: exact on the tower, through the resizing, on every kind of tower; and its refusals."""

import numpy as np
import pytest
import torch
from PIL import Image
from small_models import write_clip_bundle
from small_transformers import MODELS, write_model
from towers import write_bundle

from embedding_shift.encoders import bundles, gradients
from embedding_shift.encoders.image_encoder import Encoder
from embedding_shift.errors import InputError
from embedding_shift.io.shards import View


def picture(size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)


def encoder_of(folder, **options):
    write_clip_bundle(folder, layers=1, image_size=32, patch_size=8, **options)
    return Encoder(folder, "cpu", batch_size=1)


@pytest.fixture
def encoder(tmp_path):
    return encoder_of(tmp_path)


def in_double_precision(encoder):
    encoder.visual.double()
    encoder.mean, encoder.std = encoder.mean.double(), encoder.std.double()
    return encoder


def test_the_gradient_is_that_of_finite_differences(encoder):
    original, view = picture(32), picture(32, seed=1)
    gradient = gradients.ShiftGradient(in_double_precision(encoder), "small", original)
    pixels = gradient.tower_pixels(view)
    _, slope = gradient(view)
    for place in np.random.default_rng(2).integers(32 * 32 * 3, size=12):
        step = torch.zeros(pixels.numel(), dtype=torch.float64)
        step[place] = 1e-3
        step = step.view_as(pixels)
        expected = (gradient.shift(pixels + step) - gradient.shift(pixels - step)).item() / 2e-3
        assert slope.ravel()[place] == pytest.approx(expected, rel=1e-5, abs=1e-12)


def test_the_shift_is_one_minus_the_cosine_of_the_embeddings(encoder):
    original, view = picture(32), picture(32, seed=1)
    one, other = encoder.encode([View("a", original), View("b", view)], total=0).embedding.astype(float)
    shift, _ = gradients.ShiftGradient(encoder, "small", original)(view)
    assert shift == pytest.approx(1 - one @ other / np.linalg.norm(one) / np.linalg.norm(other), abs=1e-6)
    assert gradients.ShiftGradient(encoder, "small", original)(original)[0] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("mode", "interpolation", "size"),
    [("squash", "bicubic", 40), ("shortest", "bilinear", 56), ("longest", "bicubic", 24)],
)
def test_the_gradient_passes_through_the_resizing_of_the_encoder(encoder, mode, interpolation, size):
    # The transposed map T' of a linear map T fulfils (T x)·g = x·(T' g). Pillow resizes floats without rounding.
    encoder.preprocessing.resize_mode, encoder.preprocessing.interpolation = mode, interpolation
    encoder.image_size = height, width = (32, 28)
    rows, columns = gradients._resizing(encoder, size)
    image = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
    side = {"squash": (width, height), "shortest": (32, 32), "longest": (28, 28)}[mode]
    method = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}[interpolation]
    resized = np.asarray(Image.fromarray(image, "F").resize(side, method))
    expected = {"squash": resized, "shortest": resized[:, 2:30], "longest": np.pad(resized, [(2, 2), (0, 0)])}[mode]
    np.testing.assert_allclose(rows.numpy() @ image @ columns.numpy().T, expected, atol=1e-5)


def test_a_view_of_another_size_than_the_input_is_attacked_at_its_own(encoder):
    shift, slope = gradients.ShiftGradient(encoder, "small", picture(48))(picture(48, seed=1))
    assert slope.shape == (48, 48, 3) and np.isfinite(slope).all() and (slope != 0).mean() > 0.9
    smaller = np.clip(picture(48, seed=1) - 8 * np.sign(slope), 0, 255).astype(np.uint8)
    assert gradients.ShiftGradient(encoder, "small", picture(48))(smaller)[0] < shift


class Blind(torch.nn.Module):
    """A tower whose embedding does not depend on the pixels in a way that autograd knows."""

    def __init__(self, visual):
        super().__init__()
        self.visual = visual

    def forward(self, pixels):
        return self.visual(pixels.detach())


def test_a_tower_without_a_gradient_is_refused_by_name(encoder):
    encoder.visual = Blind(encoder.visual)
    with pytest.raises(InputError, match="the encoder 'blind' cannot be attacked: it has no gradient"):
        gradients.ShiftGradient(encoder, "blind", picture(32))(picture(32, seed=1))


SLOW = ("eva02_tiny_patch14_224", "blip", "kosmos-2", "idefics")


@pytest.fixture(
    scope="module", params=["test_efficientnet", *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]
)
def kind(request, tmp_path_factory):
    """An encoder of each further kind with random weights: two of timm, and those of transformers."""
    folder = tmp_path_factory.mktemp("kind")
    if request.param in MODELS:
        write_model(request.param, folder / "model")
        bundles.prepare({"kind": "transformers", "path": str(folder / "model")}, folder)
    else:
        changes = {"timm_model_name": request.param, "timm_pool": "avg", "timm_proj": "linear", "image_size": 224}
        write_bundle(folder, "EVA02-B-16", **changes)
    return Encoder(folder, "cpu", batch_size=1)


def test_every_kind_of_tower_has_a_gradient_that_repeats(kind):
    size = kind.image_size[0]
    with gradients.reproducible():
        first, again = (gradients.ShiftGradient(kind, "kind", picture(size))(picture(size, seed=1)) for _ in range(2))
    assert first[0] == again[0] > 0
    assert np.array_equal(first[1], again[1]) and np.isfinite(first[1]).all() and (first[1] != 0).mean() > 0.5
