"""albumentations, imported without what it brings along and nothing here uses."""

import os

from embedding_shift.imports import without

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # It would look for a newer release on import.
# These take longer to load than all the rest: PyTorch for a transform that makes a tensor, which is no view, and the
# model hub for sharing pipelines there.
with without("torch", "huggingface_hub"):
    import albumentations  # noqa: F401
