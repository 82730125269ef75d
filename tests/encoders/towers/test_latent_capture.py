"""What is captured of a pool of latents equals what transformers computes; the embedding stays the same bit by bit."""

import numpy as np
import pytest
import torch
from captured_towers import SETTINGS, captured, record, tower
from small_transformers import expected_latents, write_model

from embedding_shift.encoders import bundles
from embedding_shift.encoders.image_encoder import Encoder
from embedding_shift.io.shards import View
from embedding_shift.mechanism.readouts import latents

pytestmark = pytest.mark.slow  # transformers takes seconds to import
PATCHES = 16


@pytest.fixture(scope="module", params=["kosmos-2", "idefics"])
def case(request, tmp_path_factory):
    """Return an encoder, views, and the latents and the attention of transformers for them."""
    folder = tmp_path_factory.mktemp(request.param)
    model = write_model(request.param, folder / "model")
    bundles.prepare({"kind": "transformers", "path": str(folder / "model")}, folder / "bundle")
    encoder = Encoder(folder / "bundle", "cpu", batch_size=2)
    pixels = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), np.uint8)
    views = [View(f"image{number}", image) for number, image in enumerate(pixels)]
    normalised = (torch.tensor(pixels).permute(0, 3, 1, 2) / 255 - encoder.mean) / encoder.std
    found, attention = expected_latents(request.param, model, normalised)
    return encoder, views, found.numpy(), attention.mean(1).numpy()


def capture(encoder, views, image_ids):
    encoded, arrays = zip(*encoder.capture_batches(views, image_ids), strict=True)
    inside = [each for batch in arrays for each in batch if each is not None]
    joined = {name: np.stack([each[name] for each in inside]) for name in ("latents", "latent_attention")}
    return np.concatenate([batch.embedding for batch in encoded]), joined


def test_latents_and_their_attention_equal_those_of_transformers(case):
    encoder, views, expected, attention = case
    _, found = capture(encoder, views, {"image1", "image4"})
    unit = expected / np.linalg.norm(expected, axis=-1, keepdims=True)
    assert found["latents"].dtype == np.float16
    np.testing.assert_allclose(found["latents"], unit[[1, 4]], atol=1e-3)  # of float16
    masses = [attention[..., :1], attention[..., 1 : 1 + PATCHES].sum(-1, keepdims=True), attention[..., 1 + PATCHES :]]
    np.testing.assert_allclose(found["latent_attention"], np.concatenate(masses, -1)[[1, 4]], atol=1e-5)
    assert attention.std() > 0.01, "uniform attention would test nothing"


def test_latents_in_single_precision_equal_those_of_transformers(case):
    encoder, views, expected, _ = case
    pixels = torch.tensor(np.stack([view.pixels for view in views])).permute(0, 3, 1, 2) / 255
    with torch.inference_mode():
        found = encoder.visual.latents((pixels - encoder.mean) / encoder.std)
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=1e-5)


def test_capturing_leaves_the_embedding_bit_by_bit(case):
    encoder, views, _, _ = case
    embedding, _ = capture(encoder, views, {view.image_id for view in views})
    np.testing.assert_array_equal(embedding, encoder.encode(views, total=0).embedding)


def test_the_table_holds_the_cosines_of_transformers_own_latents(case, tmp_path):
    """The later views stand for an augmentation of the earlier ones."""
    encoder, views, expected, _ = case
    embedding, found = capture(encoder, views, {view.image_id for view in views})
    found |= {"embedding": embedding, "record": np.array([record(number) for number in range(len(views))])}
    by_view = {"original": {name: array[:4] for name, array in found.items()}}
    by_view["next"] = {name: array[1:] for name, array in found.items()}
    _, *rows = latents.latents(captured(tmp_path, tower(), by_view), SETTINGS)
    unit = expected / np.linalg.norm(expected, axis=-1, keepdims=True)
    cosines = (unit[:4] * unit[1:]).sum(-1).mean(0)
    assert [row["cosine"] for row in rows] == pytest.approx(cosines, abs=1e-3)
    assert [row["n"] for row in rows] == [4] * len(cosines)
