"""What happens to a view before an encoder is described as open_clip does it, and never without a word."""

import json
import subprocess
import sys

import numpy as np
import pytest
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from pipeline import PROJECT
from small_models import write_clip_bundle

from embedding_shift.encoders import bundles, view_fitting
from embedding_shift.encoders.attention import CLASS_TOKEN, NO_MAP
from embedding_shift.encoders.image_encoder import Encoder

MODES = ("squash", "shortest", "longest")
SIZES = ((64, 64), (96, 96), (32, 32), (32, 64), (96, 64), (128, 32))
VIEW = 64


def seen(image_size, mode):
    """Return the first and last row and column of a view that open_clip shows a tower, and the share of empty input."""
    rows, columns = np.mgrid[0:VIEW, 0:VIEW]
    ramp = np.dstack([rows * 3 + 1, columns * 3 + 1, np.full_like(rows, 255)]).astype(np.uint8)
    config = PreprocessCfg(size=image_size, resize_mode=mode, mean=(0, 0, 0), std=(1, 1, 1), interpolation="bilinear")
    pixels = image_transform_v2(config, is_train=False)(Image.fromarray(ramp)).numpy()
    assert pixels.shape == (3, *image_size)
    inside = pixels[2] > 0.5
    bounds = [(pixels[axis][inside] * 255 - 1) / 3 for axis in (0, 1)]
    return [(values.min(), values.max() + 1) for values in bounds], 1 - inside.mean()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("image_size", SIZES, ids=str)
def test_the_fitting_is_what_open_clip_does(image_size, mode):
    fitting = view_fitting.fit(VIEW, image_size, mode)
    bounds, empty = seen(image_size, mode)
    height, width = ((high - low) / VIEW for low, high in bounds)
    assert fitting.share_shown == pytest.approx(height * width, abs=0.06)
    assert fitting.shows_whole_view == (height > 0.95 and width > 0.95 and empty == 0)
    padded = fitting.resized[0] < image_size[0] or fitting.resized[1] < image_size[1]
    assert padded == (empty > 0)
    assert fitting.is_resized == (image_size != (VIEW, VIEW))


@pytest.mark.parametrize(
    ("image_size", "mode", "warning"),
    [
        ((64, 64), "shortest", None),
        (
            (96, 96),
            "shortest",
            "each view of 64×64 pixels is resized to 96×96 pixels by bicubic interpolation for this encoder; "
            "`image_size: 96` makes views of its input size",
        ),
        (
            (32, 64),
            "squash",
            "each view of 64×64 pixels is resized to 32×64 pixels by bicubic interpolation for this encoder",
        ),
        (
            (32, 64),
            "shortest",
            "each view of 64×64 pixels is resized to 64×64 pixels by bicubic interpolation and cropped to the central "
            "32×64 pixels for this encoder; its attention maps do not cover the view and are not used",
        ),
    ],
)
def test_the_warning_says_what_happens(image_size, mode, warning):
    assert view_fitting.warning(view_fitting.fit(64, image_size, mode)) == warning


@pytest.mark.parametrize(("mode", "source"), [("squash", CLASS_TOKEN), ("shortest", NO_MAP), ("longest", NO_MAP)])
def test_attention_that_does_not_show_the_whole_view_is_not_used(tmp_path, kodak_views, mode, source):
    write_clip_bundle(tmp_path / "source", image_size=(64, 128))
    path = tmp_path / "source/open_clip_config.json"
    config = json.loads(path.read_text())
    config["preprocess_cfg"]["resize_mode"] = mode
    path.write_text(json.dumps(config))
    encoded = Encoder(tmp_path / "source", "cpu", batch_size=2).encode(kodak_views[:2])
    assert encoded.attention.shape == ((2, 4, 2, 4) if source == CLASS_TOKEN else (2, 0, 0, 0))
    assert encoded.embedding.shape == (2, 32)
    bundles.copy(tmp_path / "source", tmp_path / "bundle")
    tower = json.loads((tmp_path / "bundle/provenance.json").read_text())["tower"]
    assert tower["attention"]["source"] == source
    assert tower["preprocessing"]["resize_mode"] == mode


@pytest.mark.slow
def test_the_script_warns_where_views_are_resized(tmp_path):
    write_clip_bundle(tmp_path / "source", image_size=64)
    warned = f"warning: {tmp_path / 'b'}: each view of 224×224 pixels is resized to 64×64 pixels"
    for size, start in ((64, ""), (224, warned)):
        model = json.dumps({"kind": "local-dir", "path": str(tmp_path / "source")})
        command = [sys.executable, PROJECT / "scripts/prepare_bundle.py", "--model", model, "--bundle", tmp_path / "b"]
        done = subprocess.run([*command, "--image-size", str(size)], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr.startswith(start) and bool(done.stderr) == bool(start)
