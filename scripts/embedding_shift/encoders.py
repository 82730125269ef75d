"""Load an encoder from its open_clip bundle and run views through it."""

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from embedding_shift.attention import PoolingAttention
from embedding_shift.errors import InputError

CONFIG_FILE = "open_clip_config.json"
WEIGHTS_FILE = "open_clip_model.safetensors"
# open_clip builds a text tower in any case; this is the smallest, and nothing uses it.
NO_TEXT = {"context_length": 1, "vocab_size": 1, "width": 1, "heads": 1, "layers": 1}


class Encoder:
    """An image tower with its preprocessing.

    Attributes:
        image_size: (height, width) in pixels of what the tower takes.
        attention_source: what the attention maps show, one of the names in `attention`.
    """

    def __init__(self, bundle, device="auto", batch_size=32):
        """Load the bundle folder `bundle`.

        Raises:
            InputError: a file of the bundle is missing, the weights do not fit, or there is no such device.
        """
        self.device = choose_device(device)
        self.batch_size = batch_size
        visual, self._preprocessing = load_image_tower(bundle)
        self.visual = visual.to(self.device)
        self.image_size = tuple(self._preprocessing.size)
        self.attention_source = PoolingAttention(visual).source
        self._resize, self._mean, self._std = self._build_preprocessing()

    def encode(self, views, description="encoding", total=None):
        """Encode an iterable of views in batches, with a progress bar.

        The last batch is filled up with copies, so that every matrix product has the same shape and a view's
        embedding does not depend on how many others came with it.

        Returns:
            image ids (list of N), embeddings float32 (N, D), attention float32 (N, heads, rows, cols); the attention
            is (N, 0, 0, 0) where the tower has no map.
        """
        image_ids, embeddings, attention = [], [], []
        progress = tqdm(total=total, desc=description, unit="view", mininterval=2, disable=total == 0)
        with torch.inference_mode(), PoolingAttention(self.visual) as recorder, progress:
            for batch in _batches(views, self.batch_size):
                embedding, maps = self._forward([view.pixels for view in batch], recorder)
                image_ids += [view.image_id for view in batch]
                embeddings.append(embedding)
                attention.append(maps)
                progress.update(len(batch))
            if not image_ids:  # The shapes are known from a run alone.
                embedding, maps = self._forward([np.zeros((*self.image_size, 3), np.uint8)], recorder)
                return [], embedding[:0], maps[:0]
        return image_ids, np.concatenate(embeddings), np.concatenate(attention)

    def _forward(self, pixels, recorder):
        filled = np.stack(pixels + pixels[-1:] * (self.batch_size - len(pixels)))
        output = self.visual(self._to_input(filled))
        pooled = output[0] if isinstance(output, tuple) else output  # CoCa returns its tokens as well.
        maps = recorder.maps
        if maps is None:
            maps = pooled.new_empty((self.batch_size, 0, 0, 0))
        return tuple(tensor[: len(pixels)].float().cpu().numpy() for tensor in (pooled, maps))

    def _to_input(self, pixels):
        """uint8 (N, height, width, 3) to normalised float32 (N, 3, *image_size) on the device.

        The same values as the model's own preprocessing of each picture, which resizes in 8 bits.
        """
        if pixels.shape[1:3] != self.image_size:
            pixels = np.stack([np.asarray(self._resize(Image.fromarray(picture))) for picture in pixels])
        tensor = torch.from_numpy(pixels).to(self.device).permute(0, 3, 1, 2).float().div_(255)
        return tensor.sub_(self._mean).div_(self._std).contiguous()

    def _build_preprocessing(self):
        """Return the model's own preprocessing as: PIL image to PIL image, mean and std (3, 1, 1)."""
        from open_clip.transform import image_transform_v2
        from torchvision.transforms import Compose, Normalize, ToTensor

        steps = image_transform_v2(self._preprocessing, is_train=False).transforms
        resize = Compose([step for step in steps if not isinstance(step, (ToTensor, Normalize))])
        normalize = next(step for step in steps if isinstance(step, Normalize))
        mean, std = (torch.tensor(values, device=self.device) for values in (normalize.mean, normalize.std))
        return resize, mean.view(3, 1, 1), std.view(3, 1, 1)


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
        visual = _build_image_tower(config["model_cfg"])
        visual.load_state_dict(_read_image_weights(bundle / WEIGHTS_FILE), strict=True)
        preprocessing = _preprocessing(config["preprocess_cfg"], visual.image_size)
    except KeyError as error:
        raise InputError(f"the bundle {bundle} cannot be loaded: {CONFIG_FILE} has no {error}") from None
    except (ValueError, TypeError, RuntimeError, AssertionError, SafetensorError) as error:
        raise InputError(f"the bundle {bundle} cannot be loaded: {one_line(error)}") from None
    return visual.eval().requires_grad_(False), preprocessing


def _build_image_tower(model_cfg):
    import open_clip  # Three seconds; only loading needs it.

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
        return {name.removeprefix(prefix): file.get_tensor(name) for name in file.keys() if name.startswith(prefix)}  # noqa: SIM118


def _preprocessing(preprocess_cfg, image_size):
    from open_clip.transform import PreprocessCfg, merge_preprocess_dict

    size = tuple(image_size) if isinstance(image_size, (tuple, list)) else (image_size, image_size)
    return PreprocessCfg(**merge_preprocess_dict(PreprocessCfg(), preprocess_cfg) | {"size": size})


def one_line(error):
    """Return the message of an exception of another library as one line of at most 400 characters."""
    text = " ".join(str(error).split())
    return text if len(text) <= 400 else f"{text[:400]}…"


def _batches(views, size):
    batch = []
    for view in views:
        batch.append(view)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
