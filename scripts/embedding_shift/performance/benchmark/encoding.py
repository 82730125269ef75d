"""Measure the views per second of encoders, attention included, and their share of the machine's peak."""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from embedding_shift.compat import memory, onednn
from embedding_shift.encoders import image_encoder
from embedding_shift.encoders.bundle_files import CONFIG_FILE, WEIGHTS_FILE
from embedding_shift.encoders.towers import tower_loading
from embedding_shift.io import shards
from embedding_shift.performance import encoder_counting
from embedding_shift.performance.benchmark import gpu
from embedding_shift.performance.benchmark.timing import Row, cores, median_seconds, parallel_seconds
from embedding_shift.performance.benchmark_costs import VIT_B_32

SECTION = "encoding"
BATCHES = 4


def rows(bundles: Mapping[str, Path], peaks: Mapping[str, float]) -> Iterator[Row]:
    """Yield the work and the views per second of every encoder, in every precision.

    Args:
        bundles: folders of the bundles by name of the encoder.
        peaks: GFLOP/s of matrix products by precision.
    """
    for name, bundle in bundles.items():
        work = encoder_counting.count({"kind": "local-dir", "path": str(bundle)}, bundle).gflop
        yield Row(SECTION, f"{name} work", work, "GFLOP/view")
        for precision in gpu.precisions(torch.cuda.is_available()):
            if torch.cuda.is_available():
                yield from gpu.encoding_rows(SECTION, name, bundle, precision)
                continue
            speed = views_per_second(bundle, precision)
            share = speed * work / peaks[precision]
            yield Row(SECTION, f"{name} {precision}", speed, "views/s", f"matrix product {precision}", share)
    if not torch.cuda.is_available():
        yield from compiled_rows(bundles[VIT_B_32])


def views_per_second(bundle: Path, precision: str) -> float:
    """Return the views per second of all cores together."""
    _, count = encoding_task(bundle, precision)
    return cores() * count / parallel_seconds(prepare, (bundle, precision))


def prepare(bundle: Path, precision: str) -> Callable[[], Any]:
    """Return a function that encodes some views, for one of several processes."""
    return encoding_task(bundle, precision)[0]


def encoding_task(bundle: Path, precision: str) -> tuple[Callable[[], Any], int]:
    """Return a function that encodes some views in one thread, and the number of the views."""
    memory.keep_freed()
    torch.set_num_threads(1)
    encoder = image_encoder.Encoder(bundle, precision=precision)
    generator = np.random.default_rng(0)
    count = BATCHES * encoder.batch_size
    views = [
        shards.View(str(place), generator.integers(256, size=(*encoder.image_size, 3), dtype=np.uint8))
        for place in range(count)
    ]
    return lambda: encoder.encode(views, total=0), count


def compiled_rows(bundle: Path) -> Iterator[Row]:
    """Yield the views per second with and without torch.compile, and the time of compiling.

    The compiled weights are frozen if TORCHINDUCTOR_FREEZING is 1 when the process starts. Without a C++ compiler there
    are no rows.
    """
    if not (shutil.which("g++") or shutil.which("clang++")):
        return
    torch.set_num_threads(1)
    visual, preprocessing = tower_loading.load_image_tower(bundle)
    pixels = torch.zeros(16, 3, *preprocessing.size)
    with torch.inference_mode():
        with onednn.Layers(visual).fast():
            plain = len(pixels) / median_seconds(lambda: visual(pixels))
        compiled = torch.compile(visual)
        start = time.perf_counter()
        compiled(pixels)
        compile_seconds = time.perf_counter() - start
        speed = len(pixels) / median_seconds(lambda: compiled(pixels))
    name = f"{VIT_B_32} fp32, one core"
    yield Row(SECTION, name, plain, "views/s")
    yield Row(SECTION, f"{name}, torch.compile", speed, "views/s", name, speed / plain)
    yield Row(SECTION, f"{name}, compiling", compile_seconds, "s")


def write_random_bundle(folder: Path, name: str = "ViT-B-32-quickgelu") -> Path:
    """Write a bundle of an architecture of open_clip with random weights; return its folder."""
    import open_clip
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    model_cfg = open_clip.get_model_config(name) | {"text_cfg": tower_loading.NO_TEXT}
    torch.manual_seed(0)
    model = open_clip.CustomTextCLIP(**{key: value for key, value in model_cfg.items() if key != "custom_text"})
    size = model_cfg["vision_cfg"]["image_size"]
    preprocess_cfg = {"size": size, "mode": "RGB", "interpolation": "bicubic", "resize_mode": "squash"}
    preprocess_cfg |= {"mean": open_clip.OPENAI_DATASET_MEAN, "std": open_clip.OPENAI_DATASET_STD}
    (folder / CONFIG_FILE).write_text(json.dumps({"model_cfg": model_cfg, "preprocess_cfg": preprocess_cfg}))
    state = {key: value.clone().contiguous() for key, value in model.state_dict().items()}
    save_file(state, folder / WEIGHTS_FILE)
    return folder
