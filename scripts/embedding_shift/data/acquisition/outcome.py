"""How the acquisition of one URL can end.

=========  ==========================================================  ===================================
status     meaning                                                     when asked again
=========  ==========================================================  ===================================
ok         the content is stored and usable                            not requested
dead       the web says that it is gone (404, 403, unknown host, …)    not requested; the host's name is
                                                                       looked up again
failed     something that may pass (time-out, 429, 5xx, broken body)   requested
refused    not allowed: scheme, malformed, or a private address        requested once the limits changed
unusable   there is content, but not what was wanted                   requested once the limits changed
skipped    not needed: enough images without it, or not pinned         requested once it is needed
repeated   the same URL as in an earlier row of the table              never
=========  ==========================================================  ===================================
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
    """What became of one URL.

    Attributes:
        url: as the table has it.
        status: one of the words above.
        reason: short and the same for every URL with the same fate; empty where there is nothing to say.
        sha256: hexadecimal digest of the stored content; empty without one.
        bytes: its size; 0 without one.
        seconds: from the first attempt to the end, waits included.
        attempts: how often it was asked for, redirects not counted.
    """

    url: str
    status: str
    reason: str = ""
    sha256: str = ""
    bytes: int = 0
    seconds: float = 0.0
    attempts: int = 0


class Problem(Exception):
    """Why an attempt gave nothing.

    Attributes:
        status, reason: as in Outcome.
        retry: whether another attempt may fare better.
        wait: seconds the host asks to be left alone; None where it does not.
    """

    def __init__(self, status, reason, retry=False, wait=None):
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.retry = retry
        self.wait = wait
