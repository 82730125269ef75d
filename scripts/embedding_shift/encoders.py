"""Load an encoder from its open_clip bundle and run views through it."""

import json
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from embedding_shift.attention import ClassTokenAttention
from embedding_shift.errors import InputError

CONFIG_FILE = "open_clip_config.json"
WEIGHTS_FILE = "open_clip_model.safetensors"


class Encoder:
    """An image tower with its preprocessing.

    Attributes:
        embedding_size: D.
        image_size: side in pixels of what the tower takes.
    """

    def __init__(self, bundle, device="auto", batch_size=32):
        """Load the bundle folder `bundle`.

        Raises:
            InputError: a file of the bundle is missing, the weights do not fit, or there is no such device.
        """
        self.device = choose_device(device)
        self.batch_size = batch_size
        model, preprocessing = load_bundle(bundle)
        self.visual = model.visual.eval().requires_grad_(False).to(self.device)
        size = self.visual.image_size
        self.image_size = size[0] if isinstance(size, (tuple, list)) else size
        self.embedding_size = self._probe_embedding_size(model)
        self._mean = torch.tensor(preprocessing["mean"], device=self.device).view(3, 1, 1)
        self._std = torch.tensor(preprocessing["std"], device=self.device).view(3, 1, 1)

    def encode(self, views, description="encoding", total=None):
        """Encode an iterable of views in batches, with a progress bar.

        The last batch is filled up with copies, so that every matrix product has the same shape and a view's
        embedding does not depend on how many others came with it.

        Returns:
            image ids (list of N), embeddings float32 (N, D), attention float32 (N, heads, rows, cols).
        """
        image_ids, embeddings, attention = [], [], []
        progress = tqdm(total=total, desc=description, unit="view", mininterval=2)
        with torch.inference_mode(), ClassTokenAttention(self.visual) as recorder, progress:
            for batch in _batches(views, self.batch_size):
                pixels = np.stack([view.pixels for view in batch])
                filled = np.concatenate([pixels, np.repeat(pixels[-1:], self.batch_size - len(pixels), axis=0)])
                output = self.visual(self._to_input(filled))
                image_ids += [view.image_id for view in batch]
                embeddings.append(output[: len(batch)].float().cpu().numpy())
                attention.append(recorder.maps[: len(batch)].cpu().numpy())
                progress.update(len(batch))
        if not image_ids:
            return [], np.empty((0, self.embedding_size), np.float32), np.empty((0, 1, 1, 1), np.float32)
        return image_ids, np.concatenate(embeddings), np.concatenate(attention)

    def _to_input(self, pixels):
        """uint8 (N, size, size, 3) to normalised float32 (N, 3, S, S) on the device."""
        tensor = torch.from_numpy(pixels).to(self.device).permute(0, 3, 1, 2).float().div_(255)
        if tensor.shape[-1] != self.image_size:
            size = (self.image_size, self.image_size)
            tensor = torch.nn.functional.interpolate(tensor, size, mode="bicubic", antialias=True).clamp_(0, 1)
        return tensor.sub_(self._mean).div_(self._std).contiguous()

    @staticmethod
    def _probe_embedding_size(model):
        return model.visual.output_dim if hasattr(model.visual, "output_dim") else model.text_projection.shape[1]


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


def load_bundle(bundle):
    """Load an open_clip bundle folder.

    Returns:
        the open_clip model in float32 on the CPU, and its preprocessing as {"mean": [...], "std": [...], ...}.
    """
    import open_clip  # Three seconds; only loading needs it.

    bundle = Path(bundle)
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        if not (bundle / name).is_file():
            raise InputError(f"the bundle {bundle} has no {name}")
    try:
        preprocessing = json.loads((bundle / CONFIG_FILE).read_text())["preprocess_cfg"]
        model = open_clip.create_model(f"local-dir:{bundle}", precision="fp32", device="cpu")
    except (KeyError, ValueError, RuntimeError) as error:
        raise InputError(f"the bundle {bundle} cannot be loaded: {error}") from None
    return model, preprocessing


def _batches(views, size):
    batch = []
    for view in views:
        batch.append(view)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
