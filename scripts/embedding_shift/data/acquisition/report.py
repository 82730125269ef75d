"""The data report: what became of every row of the table, and how often."""

from collections import Counter

from embedding_shift.data.acquisition.outcome import OK, REPEATED, SKIPPED, Outcome

COLUMNS = ["url", "status", "reason", "sha256", "bytes", "seconds", "attempts"]
SUMMARY_COLUMNS = ["status", "reason", "n"]
SAME_CONTENT = "same content as an earlier URL"


def rows(urls, outcomes, why_skipped):
    """Return one row (COLUMNS) for every URL of the table, in its order; both kinds of duplicates are marked.

    Args:
        urls: the table's URLs, repeats included.
        outcomes: {url: Outcome}.
        why_skipped: the reason of URLs without an outcome.
    """
    seen_urls, seen_contents, found = set(), set(), []
    for url in urls:
        row = dict(vars(outcomes.get(url, Outcome(url, SKIPPED, why_skipped))))
        if url in seen_urls:
            row = dict(vars(Outcome(url, REPEATED, "same URL as in an earlier row")))
        elif row["status"] == OK and row["sha256"] in seen_contents:
            row["reason"] = SAME_CONTENT
        seen_urls.add(url)
        seen_contents.add(row["sha256"])
        found.append(row)
    return found


def summary(rows):
    """Return how many rows have each status and reason (SUMMARY_COLUMNS), sorted by both; they add up to all rows."""
    counts = Counter((row["status"], row["reason"]) for row in rows)
    return [dict(zip(SUMMARY_COLUMNS, (*key, n), strict=True)) for key, n in sorted(counts.items())]
