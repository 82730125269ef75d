"""Imports that cost time and are not needed."""

import contextlib
import sys


@contextlib.contextmanager
def without(*modules, **stand_ins):
    """Make importing these modules fail, as if they were not installed, but for those that are loaded already.

    For a library that imports another one where it is there, and can do without.

    Args:
        modules: full names.
        stand_ins: {full name: object with the names that are imported from it} of modules without which the library
            cannot be imported, although it does not use them here; these are found instead.
    """
    hidden = {name: None for name in modules} | stand_ins
    hidden = {name: stand_in for name, stand_in in hidden.items() if name not in sys.modules}
    sys.modules.update(hidden)
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def refuse(*modules):
    """Make importing these modules fail from now on in this process, but for those that are loaded already."""
    for name in modules:
        sys.modules.setdefault(name)
