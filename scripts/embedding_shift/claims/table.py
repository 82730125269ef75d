"""The published claims with their verdicts, for the tables that people read: in the README and in the paper."""

from collections.abc import Iterable, Mapping

from embedding_shift.claims.published_claims import Claim, PublishedClaims
from embedding_shift.claims.verdicts import Interval, Judgement
from embedding_shift.errors import InputError

ORIGINAL_PAPER, ON_ATTACKS = ("The original paper says", "Where"), ("Claim on attacks", "Source")
HEADER = ("Verdict", "Effect, with its interval", "Images")
NOTHING = "–"
SMALLEST = 0.0005  # a smaller number is printed as 0


def joined(published: PublishedClaims, judgements: Mapping[str, Judgement]) -> list[tuple[Claim, Judgement]]:
    """Return every claim with its judgement, in the order of the claims file.

    Raises:
        InputError: a claim has no judgement, or a judgement is on a claim that the claims file does not have.
    """
    for name in judgements:
        published.claim(name)
    for claim in published.claims:
        if claim.id not in judgements:
            raise InputError(f"claim {claim.id!r} has no verdict; judge the claims again")
    return [(claim, judgements[claim.id]) for claim in published.claims]


def markdown(judged: Iterable[tuple[Claim, Judgement]], about: tuple[str, str] = ORIGINAL_PAPER) -> str:
    """Return the claims with their judgements as a Markdown table; numbers have three significant digits.

    Args:
        judged: the claims with their judgements.
        about: the first two words of the header.
    """
    header = (*about, *HEADER)
    rows = [
        (claim.text, claim.source, judgement.in_words, _effect(judgement.interval), str(judgement.n))
        for claim, judgement in judged
    ]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (header, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(header), *lines[1:]])


def _effect(interval: Interval | None) -> str:
    if interval is None:
        return NOTHING
    return f"{_number(interval.effect)} ({_number(interval.low)} to {_number(interval.high)})"


def _number(value: float) -> str:
    return f"{0.0 if abs(value) < SMALLEST else value:.3g}".replace("-", "−")
