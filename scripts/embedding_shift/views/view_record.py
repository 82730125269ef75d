"""The record of a view: how it was made."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Self

from embedding_shift.errors import InputError

STEPS = "steps"


@dataclass(frozen=True)
class Step:
    """How one transform of an augmentation was applied.

    Attributes:
        transform: class name of the transform.
        arguments: the arguments of the transform, as JSON values. In the study they depend on the dose.
        seed: the seed of its draws, 0 to 2³² − 1.
        parameters: what it drew, as JSON values (see `transforms.apply`); empty if it was not applied.
        applied: false if the transform has a probability below 1 and was not applied to this image.
    """

    transform: str
    arguments: Mapping[str, Any]
    seed: int
    parameters: Mapping[str, Any]
    applied: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return the step as a dictionary of JSON values; the key `applied` is there only if it is false."""
        return {key: value for key, value in vars(self).items() if key != "applied" or not value}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """Return the step that `as_json` turned into a dictionary.

        Raises:
            InputError: a key is missing.
        """
        return cls(**{field.name: _value(record, field.name, field.default) for field in fields(cls)})


@dataclass(frozen=True)
class ViewRecord:
    """How a view was made. Together with the original image it is enough to make the view again, unless it was given.

    Every shard stores the record of a view as JSON beside the pixels. Its keys are the attributes below; instead of
    `steps`, a view of a single transform has the attributes of its Step. Later stages read the record there and get
    transforms, arguments and seeds in no other way.

    Attributes:
        augmentation: name of the augmentation in the configuration.
        image_sha256: SHA-256 of the image file, in hexadecimal.
        steps: the transforms in the order in which they were applied.
        draw: number of the draw, from 0. The main run has draw 0 only.
        shape: (height, width) of the view in pixels.
        counterpart_sha256: SHA-256 of the file of a view that was given, in hexadecimal: it has no steps. Empty for a
            view that was made, whose record has no such key.
    """

    augmentation: str
    image_sha256: str
    steps: tuple[Step, ...]
    draw: int
    shape: tuple[int, int]
    counterpart_sha256: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the record as a dictionary of JSON values."""
        record = {field.name: getattr(self, field.name) for field in fields(self) if field.name != STEPS}
        if not self.counterpart_sha256:
            del record["counterpart_sha256"]
        steps = [step.as_json() for step in self.steps]
        return record | {"shape": list(self.shape)} | (steps[0] if len(steps) == 1 else {STEPS: steps})

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """Return the record that `as_json` turned into a dictionary.

        Raises:
            InputError: a key is missing.
        """
        steps = record.get(STEPS, [record])
        height, width = _value(record, "shape")
        return cls(
            augmentation=_value(record, "augmentation"),
            image_sha256=_value(record, "image_sha256"),
            steps=tuple(map(Step.from_json, steps)),
            draw=_value(record, "draw"),
            shape=(height, width),
            counterpart_sha256=record.get("counterpart_sha256", ""),
        )


def _value(record: Mapping[str, Any], key: str, default: Any = MISSING) -> Any:
    value = record.get(key, default)
    if value is MISSING:
        raise InputError(f"the record of a view has no {key!r}; delete the shard of the view and run again")
    return value
