"""Image files of many kinds, with what becomes of each: the tests decode them, and docs/image_formats.md lists them.

Every image shows two halves of one colour each. Run as a script, this writes the table of the page:
`python tests/helpers/image_variants.py docs/image_formats.md`.
"""

from collections.abc import Callable
from dataclasses import dataclass

WIDTH, HEIGHT = 64, 48
DECODED, CONVERTED, REJECTED = "decoded", "converted", "rejected"
LEFT, RIGHT = (180, 90, 60), (60, 140, 90)
GREY_LEFT, GREY_RIGHT = (64, 64, 64), (191, 191, 191)


@dataclass(frozen=True)
class Variant:
    """One kind of file.

    Attributes:
        family: the format.
        name: the variant.
        data: makes the file's bytes.
        left, right: the colours of the halves in sRGB; None if the file is rejected.
        says: a part of the remarks or of the reason; empty if there are no remarks.
    """

    family: str
    name: str
    data: Callable[[], bytes]
    left: tuple | None
    right: tuple | None
    says: str = ""

    @property
    def result(self):
        """What becomes of the file, in a word."""
        if self.left is None:
            return REJECTED
        return CONVERTED if self.says else DECODED


def everything():
    """Return all variants, by format."""
    import variants_of_jpeg
    import variants_of_other_formats
    import variants_of_png
    import variants_of_tiff
    import variants_of_tiff_samples

    modules = (
        variants_of_jpeg,
        variants_of_png,
        variants_of_tiff_samples,
        variants_of_tiff,
        variants_of_other_formats,
    )
    return [variant for module in modules for variant in module.VARIANTS]


def table():
    """Return the table of the page in Markdown."""
    lines = ["| format | variant | result | remark or reason |", "|---|---|---|---|"]
    lines += [f"| {v.family} | {v.name} | {v.result} | {v.says.replace('|', ' ')} |" for v in everything()]
    return "\n".join(lines)


if __name__ == "__main__":
    import sys
    from pathlib import Path

    here = Path(__file__).resolve().parent
    sys.path[:0] = [str(here), str(here.parents[1] / "scripts")]
    from embedding_shift.io import generated_text

    generated_text.replace_in(sys.argv[1], "variants", table())
