"""Pages that people write, with parts in them that are generated."""

from pathlib import Path

from embedding_shift.errors import InputError
from embedding_shift.io import atomic


def replace_in(path, name, content):
    """Replace what stands between the lines `<!-- name:start -->` and `<!-- name:end -->` of a page by `content`.

    Raises:
        InputError: the two lines are not there once each, in this order.
    """
    text = Path(path).read_text(encoding="utf-8")
    first, last = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    before, start, rest = text.partition(first)
    _, end, after = rest.partition(last)
    if not start or not end or first in rest or last in after:
        raise InputError(f"{path}: the text needs one line {first} and, below it, one line {last}")
    atomic.write_text(path, f"{before}{first}\n{content}\n{last}{after}")
