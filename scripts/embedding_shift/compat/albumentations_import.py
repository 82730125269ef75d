"""Import albumentations without modules that few or no transforms of the project need.

Reason: albumentations loads PyTorch, for a transform that returns a tensor, and huggingface_hub, for sharing pipelines,
if they are installed. Leaving them out saves 1.7 of 2.5 seconds of processor time at the start of every job that makes
or measures views (nothing where neither is installed). It also loads scipy.special for one function of one transform;
another tenth of a second is saved if that transform loads it when it is used. PyYAML is left out as well.

Written for: albumentations 2.0.8, which treats the packages as optional.

Fallback: with any other version, a plain import.
"""

import contextlib
import os

from embedding_shift.compat import hidden_modules, versions

VERSIONS = ("2.0.8",)
OPTIONAL = ("torch", "huggingface_hub", "yaml")

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # On import, albumentations would look for a newer release.
with contextlib.ExitStack() as stack:
    if versions.is_installed("albumentations", *VERSIONS):
        stack.enter_context(hidden_modules.hidden(*OPTIONAL))
        stack.enter_context(hidden_modules.deferred("scipy.special"))
    import albumentations as albumentations
