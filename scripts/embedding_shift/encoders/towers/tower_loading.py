"""Build image towers of open_clip, with random weights or from a bundle."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.overrides import TorchFunctionMode

from embedding_shift.encoders.bundle_files import CONFIG_FILE, WEIGHTS_FILE, State
from embedding_shift.encoders.towers.latent_pool import LatentPoolTower
from embedding_shift.errors import InputError, one_line

# open_clip builds a text tower with every model; this is the smallest one, and nothing uses it.
NO_TEXT = {"context_length": 1, "vocab_size": 1, "width": 1, "heads": 1, "layers": 1}

# Methods of tensors, and functions of torch.nn.init that call them, which fill a tensor with random numbers.
FILLING = ("normal_", "uniform_", "kaiming_uniform_")

# Names of activation functions by those of their classes in PyTorch, timm and open_clip.
ACTIVATIONS = {
    "GELU": "gelu",
    "GELUTanh": "gelu_tanh",
    "QuickGELU": "quickgelu",
    "Hardswish": "hardswish",
    "ReLU": "relu",
    "ReLU6": "relu6",
    "SiLU": "silu",
}


def load_image_tower(bundle: str | Path) -> tuple[nn.Module, Any]:
    """Load the image tower of a bundle; its text tower is neither built nor read.

    Args:
        bundle: folder of the bundle.

    Returns:
        The tower (float32, on the CPU, in evaluation mode), and its `open_clip.transform.PreprocessCfg`.

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
        _refuse_no_dimensions(config["model_cfg"]["embed_dim"], bundle)
        visual = build_without_weights(config["model_cfg"])
        visual.load_state_dict(_read_image_weights(bundle / WEIGHTS_FILE), strict=True, assign=True)
        preprocessing = _preprocessing(config["preprocess_cfg"], visual.image_size)
        _refuse_wrong_normalisation(preprocessing, bundle)
    except KeyError as error:
        raise InputError(f"the bundle {bundle} cannot be loaded: {CONFIG_FILE} has no {error}") from None
    except (ValueError, TypeError, RuntimeError, AssertionError, SafetensorError) as error:
        raise InputError(f"the bundle {bundle} cannot be loaded: {one_line(error)}") from None
    return visual.eval().requires_grad_(False), preprocessing


def weights_sha256(visual: nn.Module) -> str:
    """Return the SHA-256 of the names, shapes and values of a tower's weights, whatever file they come from."""
    digest = hashlib.sha256()
    for name, weights in sorted(visual.state_dict().items()):
        values = weights.detach().cpu().contiguous().numpy()
        digest.update(f"{name} {values.dtype} {values.shape}\n".encode())
        digest.update(values.data)
    return digest.hexdigest()


def build_image_tower(model_cfg: dict[str, Any]) -> nn.Module:
    """Return the image tower of open_clip's `model_cfg`, with random weights; no text tower is built.

    The key `latent_pool`, which open_clip does not know, puts a pool of latents behind the tower.
    """
    import open_clip  # Slow to load, and not needed by modules that only import this one.

    model = open_clip.CustomTextCLIP(
        embed_dim=model_cfg["embed_dim"],
        vision_cfg=model_cfg["vision_cfg"] | {"timm_model_pretrained": False},
        text_cfg=NO_TEXT,
        quick_gelu=model_cfg.get("quick_gelu", False),
    )
    visual: nn.Module = model.visual
    return LatentPoolTower(visual, **model_cfg["latent_pool"]) if "latent_pool" in model_cfg else visual


def with_empty_text(model_cfg: dict[str, Any], state: State) -> State:
    """Return the weights of the open_clip model of `model_cfg` for those of its image tower; the others are zero."""
    import open_clip
    import torch

    model = open_clip.model.CLIP(**model_cfg)
    empty = {name: torch.zeros_like(tensor) for name, tensor in model.state_dict().items() if name not in state}
    model.load_state_dict(empty | state)
    return {name: tensor.contiguous() for name, tensor in model.state_dict().items()}


def activations(visual: nn.Module) -> list[str]:
    """Return the names of the activation functions of a tower, in the order of its layers."""
    found = (_activation_name(layer) for layer in visual.modules())
    return list(dict.fromkeys(filter(None, found)))


def _activation_name(layer: nn.Module) -> str | None:
    name = ACTIVATIONS.get(type(layer).__name__)
    return f"{name}_tanh" if getattr(layer, "approximate", "") == "tanh" else name


def heads(visual: nn.Module) -> list[int]:
    """Return the different numbers of heads of a tower's attention layers, in the order of its layers."""
    found = (getattr(layer, "num_heads", None) for layer in visual.modules())
    return list(dict.fromkeys(number for number in found if isinstance(number, int)))


def channels(values: float | Sequence[float]) -> list[float]:
    """Return a mean or standard deviation of open_clip's preprocessing as a list: one value, or one per channel."""
    return list(values) if isinstance(values, Sequence) else [values]


def build_without_weights(model_cfg: dict[str, Any]) -> nn.Module:
    """Return the image tower of `model_cfg`; its parameters have no values if the tower can be built without them.

    Some towers run their layers while they are built, or compute buffers on the device of their parameters.
    """
    with suppress(RuntimeError), without_initial_weights():
        tower = build_image_tower(model_cfg)
        if not any(buffer.is_meta for buffer in tower.buffers()):
            return tower
    return build_image_tower(model_cfg)


def uses_timm(bundle: str | Path) -> bool:
    """Return whether the image tower of a bundle comes from timm; True if its configuration cannot be read."""
    try:
        return "timm_model_name" in json.loads(Path(bundle, CONFIG_FILE).read_text())["model_cfg"]["vision_cfg"]
    except (OSError, ValueError, KeyError, TypeError):
        return True


@contextmanager
def without_initial_weights() -> Iterator[None]:
    """Within this context, parameters of new modules have a shape but no values (torch's device "meta").

    This saves the time to fill them with random numbers. Buffers, and what modules compute when they are built, stay
    as they are. The parameters must be loaded with `assign=True`.
    """

    def without_values(module: nn.Module, name: str, parameter: nn.Parameter) -> nn.Parameter:
        return nn.Parameter(parameter.to("meta"), parameter.requires_grad)

    hook = register_module_parameter_registration_hook(without_values)  # type: ignore[arg-type] # wrong in torch
    try:
        with _NoRandomNumbers():
            yield
    finally:
        hook.remove()


class _NoRandomNumbers(TorchFunctionMode):
    """Within this context, tensors without values are not filled with random numbers.

    For them, PyTorch implements this in Python, and loads the compiler behind torch.compile, which takes a second.
    """

    def __torch_function__(self, function: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        options = options or {}
        if getattr(function, "__name__", "") in FILLING:
            tensor = arguments[0] if arguments else options["tensor"]
            if tensor.is_meta:
                return tensor
        return function(*arguments, **options)


def _read_image_weights(path: Path) -> State:
    from safetensors import safe_open

    prefix = "visual."
    with safe_open(path, "pt") as file:
        names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118
        weights = {name.removeprefix(prefix): file.get_tensor(name) for name in names}
    # Towers compute with weights while they load, always in single precision.
    return {name: array.float() if array.is_floating_point() else array for name, array in weights.items()}


def _preprocessing(preprocess_cfg: dict[str, Any], image_size: Any) -> Any:
    """Return open_clip's PreprocessCfg for a tower's input size, a number or a pair."""
    from open_clip.transform import PreprocessCfg, merge_preprocess_dict

    size = tuple(image_size) if isinstance(image_size, (tuple, list)) else (image_size, image_size)
    return PreprocessCfg(**merge_preprocess_dict(PreprocessCfg(), preprocess_cfg) | {"size": size})


def _refuse_no_dimensions(embed_dim: int, bundle: Path) -> None:
    """Raise InputError if embeddings would have no dimensions."""
    if embed_dim < 1:
        raise InputError(
            f"the bundle {bundle}: 'embed_dim' of model_cfg in {CONFIG_FILE} is {embed_dim} and not 1 or more"
        )


def _refuse_wrong_normalisation(preprocessing: Any, bundle: Path) -> None:
    """Raise InputError if the mean or the standard deviation of the pixels cannot be one of values from 0 to 1."""
    for name in ("mean", "std"):
        values = channels(getattr(preprocessing, name))
        where = f"the bundle {bundle}: {name!r} of preprocess_cfg in {CONFIG_FILE} is {values}"
        if any(value > 1 for value in values):
            scaled = [round(value / 255, 4) for value in values]
            raise InputError(f'{where}, which is for pixels from 0 to 255; change the line to "{name}": {scaled}')
        if name == "std" and any(value <= 0 for value in values):
            raise InputError(f"{where}; change the line to values above 0, because pixels are divided by them")
