r"""Write text in ASCII that LaTeX prints literally, whatever its script.

Accents and symbols become commands. What LaTeX has no commands for, such as words in another script, becomes
`\drawn{CODES}` with the code points of the characters; `drawn_texts` defines what such a command prints.
"""

import re
import unicodedata
from itertools import groupby

SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",  # LaTeX would read a bracket or an asterisk after a line end as an argument.
    "]": "{]}",
    "*": "{*}",
    "\u2013": r"\textendash{}",
    "\u2014": r"\textemdash{}",
    "\u2018": r"\textquoteleft{}",
    "\u2019": r"\textquoteright{}",
    "\u201c": r"\textquotedblleft{}",
    "\u201d": r"\textquotedblright{}",
    "\u2026": r"\ldots{}",
    "\u00a0": "~",
    "\u00d7": r"\ensuremath{\times}",
    "\u00b7": r"\ensuremath{\cdot}",
    "\u00b1": r"\ensuremath{\pm}",
    "\u2212": r"\ensuremath{-}",
    "\u2264": r"\ensuremath{\leq}",
    "\u2265": r"\ensuremath{\geq}",
    "\u2248": r"\ensuremath{\approx}",
    "\u2192": r"\ensuremath{\rightarrow}",
    "\u00b0": r"\textdegree{}",
    "\u00b5": r"\ensuremath{\mu}",
    "\u03bc": r"\ensuremath{\mu}",
    "\u03c3": r"\ensuremath{\sigma}",
    "\u03b1": r"\ensuremath{\alpha}",
    "\u03b2": r"\ensuremath{\beta}",
    "\u03b3": r"\ensuremath{\gamma}",
    "\u00df": r"\ss{}",
    "\u00e6": r"\ae{}",
    "\u00c6": r"\AE{}",
    "\u0153": r"\oe{}",
    "\u0152": r"\OE{}",
    "\u00f8": r"\o{}",
    "\u00d8": r"\O{}",
    "\u0142": r"\l{}",
    "\u0141": r"\L{}",
    "\u0131": r"\i{}",
}
ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r",
    "\u030b": "H",
    "\u030c": "v",
    "\u0327": "c",
    "\u0328": "k",
}
LONG_WORD = 20  # characters
RIGHT_TO_LEFT = ("R", "AL")


def escape(text: object) -> str:
    r"""Return `text` as ASCII that LaTeX prints literally; line ends and tabs become spaces.

    A line may break after an underscore if a word is longer than LONG_WORD.
    """
    text = " ".join(unicodedata.normalize("NFC", str(text)).split())
    drawn = _drawn_places(text)
    escaped = ""
    for is_drawn, places in groupby(range(len(text)), key=drawn.__contains__):
        run = "".join(text[place] for place in places)
        escaped += _drawn(run) if is_drawn else "".join(_command(character) or "" for character in run)
    if any(len(word) > LONG_WORD for word in text.split()):
        escaped = escaped.replace(r"\_", r"\_\allowbreak{}")
    return re.sub(r"([-,])(?=\1)", r"\1{}", escaped)  # Two in a row would become a dash or a quotation mark.


def pieces(text: str) -> list[str]:
    """Return text in pieces that a line may separate: each wide letter, as in Chinese, begins a piece of its own."""
    found: list[str] = []
    after_wide = False
    for character in text:
        category = unicodedata.category(character)
        wide = category[0] == "L" and unicodedata.east_asian_width(character) in "WF"
        attached = category[0] in "MP"  # marks and punctuation stay with what precedes them
        if not found or wide or (after_wide and not attached):
            found.append("")
        found[-1] += character
        after_wide = wide or (after_wide and attached)
    return found


def _drawn_places(text: str) -> set[int]:
    """Return the places of the characters to draw.

    In a word with a character that has no command, all characters but ASCII are drawn, so that it has one look. Spaces
    between words that are written from right to left are drawn as well: LaTeX would set such words from left to right.
    """
    places = set()
    for word in re.finditer(r"[^ ]+", text):
        if any(_command(character) is None for character in word[0]):
            places |= {
                place for place in range(*word.span()) if not text[place].isascii() or not text[place].isprintable()
            }
    for space in re.finditer("(?<=[^ ]) (?=[^ ])", text):
        neighbours = (text[space.start() - 1], text[space.end()])
        if all(unicodedata.bidirectional(neighbour) in RIGHT_TO_LEFT for neighbour in neighbours):
            places.add(space.start())
    return places


def _drawn(run: str) -> str:
    codes = ("-".join(f"{ord(character):04X}" for character in piece) for piece in pieces(run))
    return r"\allowbreak{}".join(rf"\drawn{{{code}}}" for code in codes)


def _command(character: str) -> str | None:
    """Return a character as LaTeX; None if it has no command and is not a plain letter with an accent."""
    if character in SPECIAL:
        return SPECIAL[character]
    if " " <= character <= "~":
        return character
    base, *marks = list(unicodedata.normalize("NFKD", character))
    if base.isascii() and base.isalpha() and len(marks) == 1 and marks[0] in ACCENTS:
        return rf"\{ACCENTS[marks[0]]}{{{base}}}"
    plain = unicodedata.normalize("NFKC", character)
    if plain.isascii() and plain.isprintable():
        return "".join(SPECIAL.get(letter, letter) for letter in plain)
    return None
