"""albumentations, imported without what it brings along and hardly anything uses."""

import os
from types import SimpleNamespace

from embedding_shift.compat.imports import without


def _bessel(values):
    from scipy import special

    return special.j1(values)


os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # It would look for a newer release on import.
# These take longer to load than all the rest: PyTorch for a transform that makes a tensor, which is no view; the model
# hub for sharing pipelines there; and SciPy for one function of one transform, which now loads it when it is called.
with without("torch", "huggingface_hub", scipy=SimpleNamespace(special=SimpleNamespace(j1=_bessel))):
    import albumentations  # noqa: F401
