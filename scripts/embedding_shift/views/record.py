"""The record of a view: how it was made."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from embedding_shift.errors import InputError


@dataclass(frozen=True)
class ViewRecord:
    """How a view was made. Together with the original image it is enough to make the view again.

    Every shard stores the record of a view as JSON beside the pixels, with the attributes below as keys. Later stages
    read it there and get transforms, arguments and seeds in no other way.

    Attributes:
        augmentation: name of the augmentation in the configuration.
        image_sha256: SHA-256 of the image file, in hexadecimal.
        transform: class name of the transform.
        arguments: the arguments of the transform, as JSON values. In the study they depend on the dose.
        seed: the seed of this view, 0 to 2³² − 1.
        draw: number of the draw, from 0. The main run has draw 0 only.
        parameters: what the transform drew, as JSON values (see `transforms.apply`).
        shape: (height, width) of the view in pixels.
    """

    augmentation: str
    image_sha256: str
    transform: str
    arguments: Mapping[str, Any]
    seed: int
    draw: int
    parameters: Mapping[str, Any]
    shape: tuple[int, int]

    def as_json(self) -> dict[str, Any]:
        """Return the record as a dictionary of JSON values."""
        return asdict(self) | {"shape": list(self.shape)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """Return the record that `as_json` turned into a dictionary.

        Raises:
            InputError: a key is missing.
        """
        missing = [field.name for field in fields(cls) if field.name not in record]
        if missing:
            raise InputError(f"the record of a view has no {missing[0]!r}; delete the shard of the view and run again")
        values = {field.name: record[field.name] for field in fields(cls)}
        height, width = record["shape"]
        return cls(**values | {"shape": (height, width)})
