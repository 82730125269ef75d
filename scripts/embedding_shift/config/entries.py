"""Types of the configuration's entries after validation: every key is present unless marked otherwise."""

from typing import Any, Literal, NotRequired, TypedDict


class DatasetEntry(TypedDict):
    """An entry of `datasets`; config/schema.yaml describes the keys."""

    label: NotRequired[str]
    kind: Literal["csv", "folder", "tsv", "webdataset"]
    path: str
    n_images: int | None
    pin: str | None
    acquisition: dict[str, Any]


class DoseEntry(TypedDict):
    """The key `dose` of an augmentation."""

    none: dict[str, Any]
    setting: float


class AugmentationEntry(TypedDict):
    """An entry of `augmentations`."""

    label: NotRequired[str]
    color: NotRequired[str]
    transform: str
    parameters: dict[str, Any]
    dose: NotRequired[DoseEntry]


class ModelEntry(TypedDict):
    """An entry of `models`; which of the optional keys it has depends on its kind."""

    label: NotRequired[str]
    kind: Literal["open_clip", "hf-hub", "local-dir", "wheel"]
    precision: Literal["fp32", "bf16", "fp16"]
    name: NotRequired[str]
    pretrained: NotRequired[str]
    revision: NotRequired[str]
    path: NotRequired[str]
    package: NotRequired[str]
    version: NotRequired[str]
    sha256: NotRequired[str]
    member: NotRequired[str]
    member_sha256: NotRequired[str]
