"""albumentations, imported without what it brings along and nothing here uses."""

import os
import sys
from contextlib import contextmanager


@contextmanager
def without(*modules):
    """Make importing these modules fail, as if they were not installed, but for those that are loaded already."""
    hidden = [module for module in modules if module not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for module in hidden:
            del sys.modules[module]


os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # It would look for a newer release on import.
# These take longer to load than all the rest: PyTorch for a transform that makes a tensor, which is no view, and the
# model hub for sharing pipelines there.
with without("torch", "huggingface_hub"):
    import albumentations  # noqa: F401
