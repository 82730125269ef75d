"""Doses: the strength of an augmentation on a scale from 0 to 1; dose 0 leaves the image as it is.

The scale of each augmentation is in the configuration (`augmentations.NAME.dose`).

Some transforms change the image however weak they are: a perspective transform, for example, resamples the image as
soon as a corner moves at all. Their scales jump at dose 0.

The configured arguments have a dose of their own on the scale, the setting. Every argument moves away from its value at
dose 0 with the square of the dose. Small doses, at which the damage of different augmentations overlaps, are therefore
well resolved.
"""

from typing import Any, TypedDict

from embedding_shift.config.entries import TransformEntry
from embedding_shift.errors import InputError
from embedding_shift.views.steps import Steps

EXPONENT = 2


class DoseScale(TypedDict):
    """The scale of an augmentation, as in the configuration.

    Attributes:
        none: the arguments that change with the dose, with their values at dose 0.
        setting: the dose at which these arguments have the configured values, above 0 and at most 1.
    """

    none: dict[str, Any]
    setting: float


def arguments_at(arguments: dict[str, Any], scale: DoseScale, dose: float) -> dict[str, Any]:
    """Return the arguments of a transform at a dose.

    An argument that is a whole number at both ends stays a whole number.

    Args:
        arguments: the configured arguments.
        scale: the scale of the augmentation.
        dose: 0 to 1.

    Raises:
        InputError: `none` names an argument that is not in `arguments`, or a value of another form.

    Example:
        >>> arguments_at({"alpha": 30.0, "sigma": 60}, {"none": {"alpha": 0.0}, "setting": 0.5}, dose=1)
        {'alpha': 120.0, 'sigma': 60}
    """
    if dose == scale["setting"]:
        return arguments
    factor = (dose / scale["setting"]) ** EXPONENT
    changed = {}
    for name, start in scale["none"].items():
        if name not in arguments:
            raise InputError(f"dose.none: {name!r} is not among the parameters; they are {', '.join(arguments)}")
        changed[name] = _between(start, arguments[name], factor, f"dose.none.{name}")
    return {**arguments, **changed}


def at_dose(step: TransformEntry, scale: DoseScale, dose: float) -> TransformEntry:
    """Return a transform with its arguments at a dose (see `arguments_at`)."""
    return {"transform": step["transform"], "parameters": arguments_at(step["parameters"], scale, dose)}


def check(step: TransformEntry, scale: DoseScale) -> None:
    """Raise InputError if a transform cannot be built at the lowest, the highest or the configured dose."""
    for dose in (0, scale["setting"], 1):
        try:
            Steps([at_dose(step, scale, dose)])
        except InputError as error:
            raise InputError(f"at dose {dose:g}: {error}") from None


def _between(start: Any, configured: Any, factor: float, where: str) -> Any:
    if _is_number(start) and _is_number(configured):
        value = start + (configured - start) * factor
        return round(value) if isinstance(start, int) and isinstance(configured, int) else value
    if isinstance(start, list) and isinstance(configured, list) and len(start) == len(configured):
        return [_between(*ends, factor, where) for ends in zip(start, configured, strict=True)]
    if isinstance(start, dict) and isinstance(configured, dict) and start.keys() == configured.keys():
        return {key: _between(start[key], configured[key], factor, f"{where}.{key}") for key in start}
    raise InputError(f"{where}: found {start!r}; numbers in the form of the configured {configured!r} are needed")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
