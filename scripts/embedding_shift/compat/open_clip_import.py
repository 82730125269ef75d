"""Import open_clip without optional packages, a tokenizer and a compiler that an image tower does not need.

Reason: open_clip loads transformers, huggingface_hub and timm if they are installed. An encoding job reads a local
bundle, so it needs none of them, except timm for towers from timm. Leaving them out saves 0.9 of 4.3 seconds of
processor time at the start of every encoding job. torchvision, which open_clip needs, loads the compiler behind
torch.compile for one function that `roi_align` calls; without it, another 0.9 seconds are saved. The module of the
tokenizer reads its vocabulary when it is imported; 0.17 seconds are saved if it is loaded when a text is tokenized.

Written for: open_clip_torch 3.3.0, which imports each package within `try: … except ImportError`, and only the names
below from its tokenizer, and torchvision 0.29, whose `ops/roi_align.py` imports `is_compile_supported` by name.

Fallback: with any other version, a plain import.
"""

import contextlib
from types import ModuleType

from embedding_shift.compat import hidden_modules, versions

VERSIONS = ("3.3.0",)
TORCHVISION_VERSIONS = ("0.29",)
OPTIONAL = {"transformers", "huggingface_hub", "timm"}
TOKENIZER = ("HFTokenizer", "SigLipTokenizer", "SimpleTokenizer", "decode", "tokenize")
CONTEXT_LENGTH = 77


def import_open_clip(needs_timm: bool) -> ModuleType:
    """Return open_clip. For the rest of the process, it does without the optional packages.

    torch.compile and the tokenizers work all the same: they are loaded when they are used.

    Args:
        needs_timm: whether the process builds an image tower from timm.
    """
    unused = OPTIONAL - {"timm"} if needs_timm else OPTIONAL
    with contextlib.ExitStack() as stack:
        if versions.is_installed("open_clip_torch", *VERSIONS):
            stack.enter_context(hidden_modules.hidden(*unused))
            tokenizer = hidden_modules.deferred(
                "open_clip.tokenizer", *TOKENIZER, DEFAULT_CONTEXT_LENGTH=CONTEXT_LENGTH
            )
            stack.enter_context(tokenizer)
        if versions.is_installed("torchvision", *TORCHVISION_VERSIONS):
            stack.enter_context(hidden_modules.deferred("torch._dynamo.utils", "is_compile_supported"))
        import open_clip
    return open_clip
