"""Import albumentations without optional packages that no transform of the project needs.

Reason: albumentations loads PyTorch, for a transform that returns a tensor, and huggingface_hub, for sharing pipelines,
if they are installed. Leaving them out saves 1.7 of 2.5 seconds of processor time at the start of every job that makes
or measures views (nothing where neither is installed).

Written for: albumentations 2.0.8, which treats both as optional.

Fallback: with any other version, a plain import.
"""

import os

from embedding_shift.compat import hidden_modules, versions

VERSIONS = ("2.0.8",)
OPTIONAL = ("torch", "huggingface_hub")

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # On import, albumentations would look for a newer release.
with hidden_modules.hidden(*OPTIONAL if versions.is_installed("albumentations", *VERSIONS) else ()):
    import albumentations as albumentations
