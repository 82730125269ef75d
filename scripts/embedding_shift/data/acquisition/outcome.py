"""The possible outcomes of fetching one URL.

=========  ==========================================================  ====================================
status     meaning                                                     in the next run
=========  ==========================================================  ====================================
ok         the content is stored and usable                            not requested
dead       the content is gone (404, 403, unknown host, …)             not requested; the name of an unknown
                                                                       host is resolved again
failed     a temporary failure (time-out, 429, 5xx, broken body)       requested
refused    not allowed: scheme, malformed URL or private address       requested if the limits changed
unusable   the content is not usable, such as a web page               requested if the limits changed
skipped    not needed: enough other images, or not pinned              requested if it is needed
repeated   the same URL as in an earlier row of the table              not requested
=========  ==========================================================  ====================================
"""

from dataclasses import dataclass

OK = "ok"
DEAD = "dead"
FAILED = "failed"
REFUSED = "refused"
UNUSABLE = "unusable"
SKIPPED = "skipped"
REPEATED = "repeated"

UNKNOWN_HOST = "unknown host"
BROKEN = "broken answer"


@dataclass(frozen=True)
class Outcome:
    """The outcome of one URL.

    Attributes:
        url: as written in the table.
        status: one of the values above.
        reason: a short reason from a fixed set, so that outcomes can be counted by it; may be empty.
        sha256: digest of the stored content in hexadecimal; empty if there is no content.
        bytes: size of the stored content; 0 if there is no content.
        seconds: duration from the first attempt to the end, including waits.
        attempts: number of attempts; redirects do not count.
        pixels_sha256: digest of the decoded pixels (`decoding.pixels_sha256`); empty if the content is not an image.
    """

    url: str
    status: str
    reason: str = ""
    sha256: str = ""
    bytes: int = 0
    seconds: float = 0.0
    attempts: int = 0
    pixels_sha256: str = ""

    @property
    def content(self) -> str:
        """A digest that usable URLs share if they give the same image; empty if there is no content."""
        return self.pixels_sha256 or self.sha256


class Problem(Exception):
    """The reason why an attempt failed.

    Attributes:
        status, reason: as in Outcome.
        retry: whether another attempt may succeed.
        wait: seconds that the host asks to wait before the next request; None if it does not ask.
    """

    def __init__(self, status: str, reason: str, retry: bool = False, wait: float | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.retry = retry
        self.wait = wait
