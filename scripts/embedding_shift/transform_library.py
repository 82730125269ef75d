"""albumentations, imported without what it brings along and nothing here uses."""

import os
import sys
from contextlib import contextmanager


@contextmanager
def without(module):
    """Make importing `module` fail, as if it were not installed, unless it is loaded already."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None
    try:
        yield
    finally:
        del sys.modules[module]


os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # It would look for a newer release on import.
# PyTorch takes longer to load than all the rest, for a transform that makes a tensor, which is no view.
with without("torch"):
    import albumentations  # noqa: F401
