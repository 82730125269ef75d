"""Imports that cost time and are not needed."""

import contextlib
import sys


@contextlib.contextmanager
def without(name):
    """Within this context, `import name` fails as if it were not installed, unless it has been imported before.

    For libraries that import another one where it is there, and can do without.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None
    try:
        yield
    finally:
        del sys.modules[name]
