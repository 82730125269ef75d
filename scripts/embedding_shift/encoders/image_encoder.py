"""Load an encoder from its open_clip bundle and run views through it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn.modules.module import register_module_parameter_registration_hook
from tqdm import tqdm

from embedding_shift.compat import activations, onednn, open_clip_import
from embedding_shift.encoders import batching
from embedding_shift.encoders.attention import PoolingAttention
from embedding_shift.errors import InputError, one_line

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
CONFIG_FILE = "open_clip_config.json"
WEIGHTS_FILE = "open_clip_model.safetensors"
# open_clip builds a text tower in any case; this is the smallest, and nothing uses it.
NO_TEXT = {"context_length": 1, "vocab_size": 1, "width": 1, "heads": 1, "layers": 1}


class Encoder:
    """An image tower with its preprocessing.

    Attributes:
        image_size: (height, width) in pixels of what the tower takes.
        batch_size: views in one forward pass.
        attention_source: what the attention maps show, one of the names in `attention`.
    """

    def __init__(self, bundle, device="auto", batch_size=None, memory_mb=2000, precision="fp32"):
        """Load the bundle folder `bundle`.

        Args:
            bundle: folder with the configuration and the weights.
            device: as of `choose_device`.
            batch_size: views in one forward pass; None for as many as are fast within `memory_mb`.
            memory_mb: as of `batches.automatic_size`.
            precision: of the weights and of what is computed with them, one of PRECISIONS; results are float32.

        Raises:
            InputError: a file of the bundle is missing, the weights do not fit, or there is no such device.
        """
        self.device = choose_device(device)
        visual, self._preprocessing = load_image_tower(bundle)
        activations.fold_quick_gelu(visual)
        self.visual = visual.to(self.device, PRECISIONS[precision])
        self._layers = onednn.Layers(self.visual)
        self._precision = PRECISIONS[precision]
        self.image_size = tuple(self._preprocessing.size)
        self.batch_size = batch_size or batching.automatic_size(self.visual, self.image_size, memory_mb)
        self.attention_source = PoolingAttention(visual).source
        self._resize, self._mean, self._std = self._build_preprocessing()

    def encode(self, views, description="encoding", total=None):
        """Encode an iterable of views in batches, with a progress bar; the next batch is read in the meantime.

        The last batch is filled up with copies, so that every matrix product has the same shape and a view's
        embedding does not depend on how many others came with it.

        Returns:
            image ids (list of N), embeddings float32 (N, D), attention float32 (N, heads, rows, cols); the attention
            is (N, 0, 0, 0) where the tower has no map.
        """
        image_ids, embeddings, attention = [], batching.Rows(), batching.Rows()
        progress = tqdm(total=total, desc=description, unit="view", mininterval=2, disable=total == 0)
        loaded = batching.read_ahead(self._load(batch) for batch in batching.batches(views, self.batch_size))
        recording = PoolingAttention(self.visual)
        with torch.inference_mode(), self._layers.fast(), progress, recording as recorder:
            for batch_ids, pixels in loaded:
                embedding, maps = self._forward(pixels, len(batch_ids), recorder)
                image_ids += batch_ids
                embeddings.add(embedding)
                attention.add(maps)
                progress.update(len(batch_ids))
            if not image_ids:  # The shapes are known from a run alone.
                pixels = torch.zeros((self.batch_size, *self.image_size, 3), dtype=torch.uint8)
                embedding, maps = self._forward(pixels, 0, recorder)
                return [], embedding, maps
        return image_ids, embeddings.array, attention.array

    def _load(self, views):
        """Return image ids and pixels, uint8 (batch size, *image_size, 3), of at most a batch of views.

        Views of another size are resized as the model's own preprocessing does it: one by one, in 8 bits.
        """
        pixels = np.stack([view.pixels for view in views])
        if pixels.shape[1:3] != self.image_size:
            pixels = np.stack([np.asarray(self._resize(Image.fromarray(picture))) for picture in pixels])
        filled = np.concatenate([pixels, np.repeat(pixels[-1:], self.batch_size - len(pixels), axis=0)])
        tensor = torch.from_numpy(filled)
        return [view.image_id for view in views], tensor.pin_memory() if self.device.type == "cuda" else tensor

    def _forward(self, pixels, count, recorder):
        """Return the embeddings and attention of the first `count` pictures."""
        pixels = pixels.to(self.device, non_blocking=True).permute(0, 3, 1, 2).float().div_(255)
        normalised = pixels.sub_(self._mean).div_(self._std).to(self._precision).contiguous()
        output = self.visual(normalised)
        pooled = output[0] if isinstance(output, tuple) else output  # CoCa returns its tokens as well.
        maps = recorder.maps
        if maps is None:
            maps = pooled.new_empty((self.batch_size, 0, 0, 0))
        return tuple(tensor[:count].float().cpu().numpy() for tensor in (pooled, maps))

    def _build_preprocessing(self):
        """Return the model's own preprocessing as: PIL image to PIL image, mean and std (3, 1, 1)."""
        from open_clip.transform import image_transform_v2
        from torchvision.transforms import Compose, Normalize, ToTensor

        steps = image_transform_v2(self._preprocessing, is_train=False).transforms
        resize = Compose([step for step in steps if not isinstance(step, (ToTensor, Normalize))])
        normalize = next(step for step in steps if isinstance(step, Normalize))
        mean, std = (torch.tensor(values, device=self.device) for values in (normalize.mean, normalize.std))
        return resize, mean.view(3, 1, 1), std.view(3, 1, 1)


def add_arguments(parser):
    """Add the arguments that `from_arguments` reads."""
    parser.add_argument("--bundle", required=True, help="folder of the open_clip bundle")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32", help="of weights and layers")
    parser.add_argument(
        "--batch-size", type=int, help="views in one forward pass; chosen within the memory if left out"
    )
    parser.add_argument("--memory-mb", type=int, default=2000, help="memory within which the batch size is chosen")
    parser.add_argument("--threads", type=int, default=1, help="processor threads")


def from_arguments(arguments, **changes):
    """Return the Encoder that the arguments describe, with `changes` of its options; set up the process for it."""
    torch.set_num_threads(arguments.threads)
    torch.backends.cudnn.allow_tf32 = False  # On GPUs, convolutions of single precision would have its range alone.
    os.environ["HF_HUB_OFFLINE"] = "1"  # The bundle holds everything: an encoding job needs no network.
    open_clip_import.import_open_clip(needs_timm=_uses_timm(arguments.bundle))
    names = ("bundle", "device", "batch_size", "memory_mb", "precision")
    return Encoder(**{name: getattr(arguments, name) for name in names} | changes)


def _uses_timm(bundle):
    """Whether the image tower of a bundle is one of timm's; also if its configuration cannot be read."""
    try:
        return "timm_model_name" in json.loads(Path(bundle, CONFIG_FILE).read_text())["model_cfg"]["vision_cfg"]
    except (OSError, ValueError, KeyError, TypeError):
        return True


def choose_device(name):
    """Return the torch device for `auto`, `cpu`, `cuda` or `mps`."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(device for device, there in available.items() if there)
    if not available[name]:
        raise InputError(
            f"device {name!r} is not available here; allowed are auto, "
            + ", ".join(d for d in available if available[d])
        )
    return torch.device(name)


def load_image_tower(bundle):
    """Load the image tower of an open_clip bundle folder; its text tower is neither built nor read.

    Returns:
        the tower (torch.nn.Module, float32, on the CPU, in evaluation mode) and its open_clip.transform.PreprocessCfg.

    Raises:
        InputError: a file is missing or damaged, or the weights do not fit the configuration.
    """
    bundle = Path(bundle)
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (bundle / name).is_file():
            raise InputError(f"the bundle {bundle} has no {name}")
    from safetensors import SafetensorError

    try:
        config = json.loads((bundle / CONFIG_FILE).read_text())
        visual = _build_without_weights(config["model_cfg"])
        visual.load_state_dict(_read_image_weights(bundle / WEIGHTS_FILE), strict=True, assign=True)
        preprocessing = _preprocessing(config["preprocess_cfg"], visual.image_size)
    except KeyError as error:
        raise InputError(f"the bundle {bundle} cannot be loaded: {CONFIG_FILE} has no {error}") from None
    except (ValueError, TypeError, RuntimeError, AssertionError, SafetensorError) as error:
        raise InputError(f"the bundle {bundle} cannot be loaded: {one_line(error)}") from None
    return visual.eval().requires_grad_(False), preprocessing


def _build_without_weights(model_cfg: dict[str, Any]) -> torch.nn.Module:
    """Return the image tower of `model_cfg`, whose parameters have no values if the tower can be built without them."""
    try:
        with _without_initial_weights():
            return build_image_tower(model_cfg)
    except RuntimeError:  # Some towers apply their layers while they are built, to find out the size of the output.
        return build_image_tower(model_cfg)


@contextmanager
def _without_initial_weights() -> Iterator[None]:
    """Within this context, parameters of new modules have a shape but no values (torch's device "meta").

    This saves the time to fill them with random numbers. Buffers, and what modules compute when they are built, stay
    as they are. The parameters must be loaded with `assign=True`.
    """

    def without_values(module: torch.nn.Module, name: str, parameter: torch.nn.Parameter) -> torch.nn.Parameter:
        return torch.nn.Parameter(parameter.to("meta"), parameter.requires_grad)

    hook = register_module_parameter_registration_hook(without_values)  # type: ignore[arg-type] # wrong in torch
    try:
        yield
    finally:
        hook.remove()


def build_image_tower(model_cfg):
    """Return the image tower of open_clip's `model_cfg`, with random weights; no text tower is built."""
    import open_clip  # Only loading needs it.

    vision_cfg = model_cfg["vision_cfg"] | {"timm_model_pretrained": False}
    return open_clip.CustomTextCLIP(
        embed_dim=model_cfg["embed_dim"],
        vision_cfg=vision_cfg,
        text_cfg=NO_TEXT,
        quick_gelu=model_cfg.get("quick_gelu", False),
    ).visual


def _read_image_weights(path):
    from safetensors import safe_open

    prefix = "visual."
    with safe_open(path, "pt") as file:
        names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118
        weights = {name.removeprefix(prefix): file.get_tensor(name) for name in names}
    # What is computed with weights on loading is computed in single precision, whatever they were stored in.
    return {name: array.float() if array.is_floating_point() else array for name, array in weights.items()}


def _preprocessing(preprocess_cfg, image_size):
    from open_clip.transform import PreprocessCfg, merge_preprocess_dict

    size = tuple(image_size) if isinstance(image_size, (tuple, list)) else (image_size, image_size)
    return PreprocessCfg(**merge_preprocess_dict(PreprocessCfg(), preprocess_cfg) | {"size": size})
