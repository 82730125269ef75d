"""Names of LaTeX macros, which hold letters only, from names of the configuration and of tables."""

import re

DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def macro_name(*parts):
    """Return the name of a macro, without its backslash, from names of the configuration and tables."""
    words = re.findall(r"[A-Za-z]+|\d", " ".join(parts))
    return "".join(DIGITS[int(word)] if word.isdigit() else word[0].upper() + word[1:] for word in words)
