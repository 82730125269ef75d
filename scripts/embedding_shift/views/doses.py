"""Doses: how much of an augmentation, on one scale from 0 (the picture as it is) to 1.

The configured setting lies somewhere on the scale, and every parameter moves away from its value at dose 0 with the
square of the dose, so that small doses, where the damage of different augmentations overlaps, are well resolved.
"""

from embedding_shift.errors import InputError
from embedding_shift.views import transforms

EXPONENT = 2


def parameters_at(parameters, scale, dose):
    """Return the arguments of a transform at a dose.

    Whole numbers stay whole where both ends are whole numbers.

    Args:
        parameters: the configured arguments.
        scale: `none`, the arguments that change with the dose, with their values at dose 0; `setting`, the dose at
            which they have the configured values.
        dose: 0 to 1.

    Raises:
        InputError: `none` names no argument of `parameters`, or is not of its form.
    """
    if dose == scale["setting"]:
        return parameters
    factor = (dose / scale["setting"]) ** EXPONENT
    changed = {}
    for name, start in scale["none"].items():
        if name not in parameters:
            raise InputError(f"dose.none: {name!r} is not among the parameters; they are {', '.join(parameters)}")
        changed[name] = _between(start, parameters[name], factor, f"dose.none.{name}")
    return parameters | changed


def check(transform, parameters, scale):
    """Raise InputError where a transform cannot be built at the lowest, the highest or the configured dose."""
    for dose in (0, scale["setting"], 1):
        try:
            transforms.build(transform, parameters_at(parameters, scale, dose))
        except InputError as error:
            raise InputError(f"at dose {dose:g}: {error}") from None


def _between(start, configured, factor, where):
    if _is_number(start) and _is_number(configured):
        value = start + (configured - start) * factor
        return round(value) if isinstance(start, int) and isinstance(configured, int) else value
    if isinstance(start, list) and isinstance(configured, list) and len(start) == len(configured):
        return [_between(*ends, factor, where) for ends in zip(start, configured, strict=True)]
    if isinstance(start, dict) and isinstance(configured, dict) and start.keys() == configured.keys():
        return {key: _between(start[key], configured[key], factor, f"{where}.{key}") for key in start}
    raise InputError(f"{where}: found {start!r}; numbers in the form of the configured {configured!r} are needed")


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)
