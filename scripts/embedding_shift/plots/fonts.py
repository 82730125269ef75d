"""Fonts for labels in any script: which font has a character, and what stands in its place if none has it.

The fonts of the current style come first, among them Matplotlib's own DejaVu Sans with Latin, Greek, Cyrillic, Arabic,
Hebrew and many symbols. The Noto fonts that the machine has come next. The remaining characters are transliterated, so
that ぼかし becomes bokashi on a machine without a font for Japanese.
"""

import unicodedata
from functools import cache
from pathlib import Path

import matplotlib as mpl
from anyascii import anyascii
from matplotlib import font_manager, ft2font

from embedding_shift.errors import InputError

DEFAULT = "DejaVu Sans"  # Matplotlib brings it along
NOTO_SANS, NOTO_OTHER = "NotoSans*-Regular.*", "Noto*-Regular.*"
IGNORABLE = ("Cf", "Mn")  # format characters and marks, which are left out if no font has them


def check(family: str) -> None:
    """Raise InputError if a family of fonts is not installed."""
    try:
        font_manager.findfont(font_manager.FontProperties(family=[family]), fallback_to_default=False)
    except ValueError:
        raise InputError(
            f"configuration key 'figures.font': found {family!r}, which is not installed; allowed are the fonts that "
            "Matplotlib finds, such as DejaVu Sans, DejaVu Serif and STIXGeneral"
        ) from None


def writable(text: str) -> str:
    """Return `text` with every character that no font has transliterated, and add the fonts of the others to the style.

    A character without a transliteration becomes its code point, such as U+E000.
    """
    return "".join(character if _is_covered(character) else _transliterated(character) for character in text)


def _is_covered(character: str) -> bool:
    """Return whether a font has a character; an installed font that has it becomes part of the style."""
    code = ord(character)
    if character.isascii():
        return character.isprintable()
    if any(code in _characters(_path_of(family)) for family in mpl.rcParams["font.family"]):
        return True
    for path in _installed():
        if code in _characters(path):
            _add_to_style(path)
            return True
    return False


def _transliterated(character: str) -> str:
    plain = "" if character.isascii() else anyascii(character)
    if plain or unicodedata.category(character) in IGNORABLE:
        return plain
    return f"U+{ord(character):04X}"


@cache
def _installed() -> list[str]:
    """Return the regular Noto fonts of this machine: first those without serifs, each kind sorted by file name."""
    found = [Path(path) for path in font_manager.findSystemFonts()]
    sans = [path for path in found if path.match(NOTO_SANS)]
    others = [path for path in found if path.match(NOTO_OTHER) and path not in sans]
    return [str(path) for group in (sans, others) for path in sorted(group, key=lambda path: (path.name, path))]


@cache
def _characters(path: str) -> frozenset[int]:
    """Return the code points that a font has; none if Matplotlib cannot draw it, such as a font of colour bitmaps."""
    try:
        return frozenset(ft2font.FT2Font(path).get_charmap())
    except (OSError, RuntimeError):
        return frozenset()


@cache
def _path_of(family: str) -> str:
    return str(font_manager.findfont(family))


def _add_to_style(path: str) -> None:
    """Append an installed font to the families of the current style."""
    mpl.rcParams["font.family"] = [*mpl.rcParams["font.family"], _family(path)]
    if Path(path).suffix.lower() != ".ttf":
        mpl.rcParams["pdf.fonttype"] = 3  # not every viewer accepts PostScript outlines under the other type


@cache
def _family(path: str) -> str:
    """Make an installed font known to Matplotlib and return its family; of a collection, that of its first font."""
    known = len(font_manager.fontManager.ttflist)
    font_manager.fontManager.addfont(path)
    return str(font_manager.fontManager.ttflist[known].name)
