"""Replace the generated parts of pages that people write."""

from pathlib import Path

from embedding_shift.errors import InputError
from embedding_shift.io import atomic


def replace_in(path: str | Path, name: str, content: str) -> None:
    """Replace the text between the lines `<!-- name:start -->` and `<!-- name:end -->` of a page by `content`.

    Raises:
        InputError: the page does not contain each of the two lines once, in this order.
    """
    text = Path(path).read_text(encoding="utf-8")
    first, last = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    before, start, rest = text.partition(first)
    _, end, after = rest.partition(last)
    if not start or not end or first in rest or last in after:
        raise InputError(f"{path}: the text needs one line {first} and, below it, one line {last}")
    atomic.write_text(path, f"{before}{first}\n{content}\n{last}{after}")
