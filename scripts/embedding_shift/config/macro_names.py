"""LaTeX macro names made from names of the configuration and of tables; such a name consists of letters only."""

import re

DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def macro_name(*parts: str) -> str:
    """Return the name of a macro, without its backslash.

    Words are joined in camel case, digits become words, and all other characters are dropped: `macro_name("noise_2")`
    is `NoiseTwo`.
    """
    words = re.findall(r"[A-Za-z]+|\d", " ".join(parts))
    return "".join(DIGITS[int(word)] if word.isdigit() else word[0].upper() + word[1:] for word in words)
