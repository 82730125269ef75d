"""The data report: the outcome of every row of a table of URLs, and how often each outcome occurs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace

from embedding_shift.data.acquisition.outcome import OK, REPEATED, SKIPPED, Outcome

COLUMNS = [field.name for field in fields(Outcome) if field.name != "pixels_sha256"]
SUMMARY_COLUMNS = ["status", "reason", "n"]
SAME_CONTENT = "same content as an earlier URL"


def outcomes_of_rows(urls: Iterable[str], outcomes: Mapping[str, Outcome], why_skipped: str) -> list[Outcome]:
    """Return the outcome of every row of the table, in its order. Repeated URLs and repeated contents are marked.

    Args:
        urls: the URLs of the table, including repeated ones.
        outcomes: {url: Outcome}.
        why_skipped: the reason given for URLs without an outcome.
    """
    seen_urls, seen_contents, found = set(), set(), []
    for url in urls:
        outcome = outcomes.get(url, Outcome(url, SKIPPED, why_skipped))
        if url in seen_urls:
            outcome = Outcome(url, REPEATED, "same URL as in an earlier row")
        elif outcome.status == OK and outcome.content in seen_contents:
            outcome = replace(outcome, reason=SAME_CONTENT)
        seen_urls.add(url)
        seen_contents.add(outcome.content)
        found.append(outcome)
    return found


def summary(outcomes: Iterable[Outcome]) -> list[dict[str, str | int]]:
    """Return the number of rows with each status and reason (SUMMARY_COLUMNS), sorted by both."""
    counts = Counter((outcome.status, outcome.reason) for outcome in outcomes)
    return [{"status": status, "reason": reason, "n": n} for (status, reason), n in sorted(counts.items())]
