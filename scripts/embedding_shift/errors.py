"""The exception for faulty input, warnings, and the wording of other libraries' exceptions."""

import sys

LONGEST_MESSAGE = 400  # characters


class InputError(Exception):
    """A mistake of the user or a damaged file.

    The message names the file, key or image, what was found and what is allowed. Scripts print it without a traceback.
    """


def one_line(error: BaseException) -> str:
    """Return the message of another library's exception as one line of at most LONGEST_MESSAGE characters."""
    text = " ".join(str(error).split())
    return text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]}…"


def warn(message: str) -> None:
    """Print a warning as one line on standard error."""
    print(f"warning: {message}", file=sys.stderr)
