"""Imports that cost time and are not needed."""

import contextlib
import sys


@contextlib.contextmanager
def without(*modules):
    """Make importing these modules fail, as if they were not installed, but for those that are loaded already.

    For a library that imports another one where it is there, and can do without.
    """
    hidden = [module for module in modules if module not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for module in hidden:
            del sys.modules[module]
