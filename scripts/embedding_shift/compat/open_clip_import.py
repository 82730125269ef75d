"""Import open_clip without optional packages that an image tower does not need.

Reason: open_clip loads transformers, huggingface_hub and timm if they are installed. An encoding job reads a local
bundle, so it needs none of them, except timm for towers from timm. Leaving them out saves 0.9 of 4.3 seconds of
processor time at the start of every encoding job.

Written for: open_clip_torch 3.3.0, which imports each of them within `try: … except ImportError`.

Fallback: with any other version, a plain import.
"""

from types import ModuleType

from embedding_shift.compat import hidden_modules, versions

VERSIONS = ("3.3.0",)
OPTIONAL = {"transformers", "huggingface_hub", "timm"}


def import_open_clip(needs_timm: bool) -> ModuleType:
    """Return open_clip. For the rest of the process, it does without the optional packages.

    Args:
        needs_timm: whether the process builds an image tower from timm.
    """
    unused = OPTIONAL - {"timm"} if needs_timm else OPTIONAL
    with hidden_modules.hidden(*unused if versions.is_installed("open_clip_torch", *VERSIONS) else ()):
        import open_clip
    return open_clip
