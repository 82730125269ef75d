"""The files of an encoder's bundle: their names, and the types of their content.

A bundle is a folder in the format that open_clip loads as `local-dir`, with one more file, `provenance.json`.
A bundle may have a text tower, and the files of its tokenizer.
"""

from typing import TYPE_CHECKING, Any, NotRequired, TypeAlias, TypedDict

from embedding_shift.config.entries import ModelSource
from embedding_shift.encoders.bundle_names import CLASSIFIER as CLASSIFIER
from embedding_shift.encoders.bundle_names import CONFIG_FILE as CONFIG_FILE
from embedding_shift.encoders.bundle_names import WEIGHTS_FILE as WEIGHTS_FILE

PROVENANCE_FILE = "provenance.json"
# Of a text tower whose tokenizer is not that of open_clip: the tokens, and which of them pads.
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")
# The configuration that transformers needs to build a text tower of its own.
TRANSFORMERS_CONFIG = "config.json"

if TYPE_CHECKING:
    from torch import Tensor

State: TypeAlias = "dict[str, Tensor]"
"""Weights by name."""


class BundleConfig(TypedDict):
    """The content of CONFIG_FILE: open_clip's configurations of the model and of its preprocessing.

    A bundle with a classifier also has the names of its classes.
    """

    model_cfg: dict[str, Any]
    preprocess_cfg: dict[str, Any]
    classes: NotRequired[list[str]]


class HubSource(TypedDict):
    """Where weights come from that were fetched from the Hugging Face hub."""

    repository: str
    revision: str
    file: str


class FileSource(TypedDict):
    """The file that weights come from."""

    file_sha256: str


class AttentionDescription(TypedDict):
    """What the attention maps of a tower show (a name in `attention`), and the shape (heads, rows, columns) of one."""

    source: str
    shape: list[int]


class PreprocessingDescription(TypedDict):
    """How pixels from 0 to 1 are normalised, and how views of another size than the tower's input are resized."""

    mean: list[float]
    std: list[float]
    interpolation: str
    resize_mode: str


class TowerDescription(TypedDict):
    """An image tower.

    Attributes:
        image_size: (height, width) of its input in pixels.
        embedding_size: width of its output.
        parameters: number of its parameters.
        weights_sha256: digest of its weights (`tower_loading.weights_sha256`).
        activations: names of its activation functions, such as `quickgelu`.
        heads: the numbers of heads of its attention layers.
        preprocessing: its preprocessing.
        attention: its attention maps.
    """

    image_size: list[int]
    embedding_size: int
    parameters: int
    weights_sha256: str
    activations: list[str]
    heads: list[int]
    preprocessing: PreprocessingDescription
    attention: AttentionDescription


class Provenance(ModelSource):
    """The content of PROVENANCE_FILE: the configured source, the fetched file, the weights, and the tower."""

    repository: NotRequired[str]
    file: NotRequired[str]
    file_sha256: NotRequired[str]
    weights_sha256: str
    tower: TowerDescription
