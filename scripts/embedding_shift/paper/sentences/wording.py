"""Join counts, names and clauses to plain English."""

from collections.abc import Sequence

from embedding_shift.paper import latex


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, such as `no image`, `1 image` or `24 images`."""
    if count == 0:
        return f"no {noun}"
    return f"{latex.number(count)} {noun}{'' if count == 1 else 's'}"


def in_text(label: str) -> str:
    """Return the label of a metric within a sentence, escaped for LaTeX: `Edge preservation` begins in lower case."""
    is_word = len(label) > 1 and label[1].islower()
    return latex.escape(label[0].lower() + label[1:] if is_word else label)


def emphasised(label: str) -> str:
    """Return a label in italics, escaped for LaTeX."""
    return rf"\emph{{{latex.escape(label)}}}"


def joined(parts: Sequence[str], word: str = "and") -> str:
    """Return the parts as `a`, `a and b` or `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def share_of(part: int, total: int, noun: str, rest: str = "") -> str:
    """Return a part of a total with its noun, such as `3 of 8 pairs of neighbours` for `pair`, `of neighbours`."""
    plural = noun if total == 1 else f"{noun}s"
    return f"{latex.number(part)} of {latex.number(total)} {plural} {rest}".rstrip()
