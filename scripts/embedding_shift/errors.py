"""The one exception that means: the input is at fault, and the message says how."""


class InputError(Exception):
    """A user's mistake or a damaged file. The message names the file, key or image, what was found, what is allowed."""
