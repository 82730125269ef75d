"""Views per second through an encoder, attention included, and the share of the machine's peak that this is."""

import json
import shutil
import time
from pathlib import Path

import numpy as np
import torch

from embedding_shift.compat import onednn
from embedding_shift.encoders import image_encoder
from embedding_shift.io import shards
from embedding_shift.performance import encoder_cost
from embedding_shift.performance.benchmark.timing import Row, cores, median_seconds, side_by_side
from embedding_shift.performance.benchmark_costs import VIT_B_32

SECTION = "encoding"
BATCHES = 4
PRECISIONS = ("fp32", "bf16")


def rows(bundles, peaks):
    """Yield the speed of every encoder in every precision.

    Args:
        bundles: folder by name of the encoder.
        peaks: GFLOP/s by precision.
    """
    for name, bundle in bundles.items():
        work = encoder_cost.describe({"kind": "local-dir", "path": str(bundle)}, bundle)["gflop"]
        yield Row(SECTION, f"{name} work", work, "GFLOP/view")
        for precision in PRECISIONS:
            speed = views_per_second(bundle, precision)
            yield Row(
                SECTION,
                f"{name} {precision}",
                speed,
                "views/s",
                f"matrix product {precision}",
                speed * work / peaks[precision],
            )
    yield from compiled_rows(bundles[VIT_B_32])


def views_per_second(bundle, precision):
    """Return the speed of all cores together, or of the GPU."""
    if torch.cuda.is_available():
        encode, count = encoding_of(bundle, precision)
        return count / median_seconds(encode)
    count = encoding_of(bundle, precision)[1]
    return cores() * count / side_by_side(prepare, (bundle, precision))


def prepare(bundle, precision):
    """Return the function that encodes, for one of several processes."""
    return encoding_of(bundle, precision)[0]


def encoding_of(bundle, precision):
    """Return a function that encodes some views, and their number."""
    torch.set_num_threads(1)
    encoder = image_encoder.Encoder(bundle, precision=precision)
    generator = np.random.default_rng(0)
    count = BATCHES * encoder.batch_size
    views = [
        shards.View(str(place), generator.integers(256, size=(*encoder.image_size, 3), dtype=np.uint8))
        for place in range(count)
    ]
    return lambda: encoder.encode(views, total=0), count


def compiled_rows(bundle):
    """Yield what torch.compile makes of an encoder, and how long it takes to do so; nothing without a C++ compiler."""
    if not (shutil.which("g++") or shutil.which("clang++")):
        return
    from torch._inductor import config

    torch.set_num_threads(1)
    visual, preprocessing = image_encoder.load_image_tower(bundle)
    pixels = torch.zeros(16, 3, *preprocessing.size)
    with torch.inference_mode(), config.patch(freezing=True):
        with onednn.Layers(visual).fast():
            plain = len(pixels) / median_seconds(lambda: visual(pixels))
        compiled = torch.compile(visual)
        start = time.perf_counter()
        compiled(pixels)
        warm_up = time.perf_counter() - start
        speed = len(pixels) / median_seconds(lambda: compiled(pixels))
    yield Row(SECTION, f"{VIT_B_32} fp32, one core", plain, "views/s")
    name = f"{VIT_B_32} fp32, one core"
    yield Row(SECTION, f"{name}, torch.compile", speed, "views/s", name, speed / plain)
    yield Row(SECTION, f"{name}, compiling", warm_up, "s")


def write_random_bundle(folder, name="ViT-B-32-quickgelu"):
    """Write a bundle of an architecture of open_clip with random weights; return its folder."""
    import open_clip
    from safetensors.torch import save_file

    folder = Path(folder)
    folder.mkdir(parents=True)
    model_cfg = open_clip.get_model_config(name) | {"text_cfg": image_encoder.NO_TEXT}
    torch.manual_seed(0)
    model = open_clip.CustomTextCLIP(**{key: value for key, value in model_cfg.items() if key != "custom_text"})
    size = model_cfg["vision_cfg"]["image_size"]
    preprocess = {"size": size, "mode": "RGB", "interpolation": "bicubic", "resize_mode": "squash"}
    preprocess |= {"mean": open_clip.OPENAI_DATASET_MEAN, "std": open_clip.OPENAI_DATASET_STD}
    configuration = {"model_cfg": model_cfg, "preprocess_cfg": preprocess}
    (folder / image_encoder.CONFIG_FILE).write_text(json.dumps(configuration))
    state = {key: value.clone().contiguous() for key, value in model.state_dict().items()}
    save_file(state, folder / image_encoder.WEIGHTS_FILE)
    return folder
