"""The folder that survives interruption: contents under their SHA-256, and a ledger of what became of every URL."""

import fcntl
import json
import os
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from embedding_shift.data.acquisition.outcome import DEAD, FAILED, OK, REFUSED, UNKNOWN_HOST, UNUSABLE, Outcome
from embedding_shift.errors import InputError
from embedding_shift.io import atomic

LEDGER = "ledger.jsonl"
PARTS = "parts"


def content_path(folder, sha256):
    """Return where the content with that digest stands in the folder."""
    return Path(folder) / sha256[:2] / sha256


class Ledger:
    """Outcomes by URL, appended one line each, so that a killed run loses at most the line it was writing.

    A line `{"complete": true}` ends every run that came to its end. What failed before it is asked for again; what
    failed after it belongs to a run that was interrupted and now goes on, and is not.
    """

    def __init__(self, folder, limits):
        self._folder = Path(folder)
        self._limits = limits
        self._settled = {}
        self._file = None

    @contextmanager
    def opened(self):
        """Lock the folder, clear what an interrupted run left half-written, and take outcomes until the end.

        Raises:
            InputError: another run is using the folder.
        """
        (self._folder / PARTS).mkdir(parents=True, exist_ok=True)
        with open(self._folder / LEDGER, "a+b") as self._file:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(f"another run is fetching into {self._folder}; wait for it to end") from None
            except OSError:
                pass  # A file system without locks: then Snakemake's own has to do.
            for part in (self._folder / PARTS).iterdir():
                part.unlink()
            self._load()
            yield self
            self._append({"complete": True})

    def settled(self, url):
        """Return the outcome of a URL that need not be asked for, or None."""
        return self._settled.get(url)

    def part(self, name):
        """Return a path for content that is still arriving."""
        return self._folder / PARTS / name

    def store(self, part, sha256):
        """Move complete content to its place."""
        path = content_path(self._folder, sha256)
        path.parent.mkdir(exist_ok=True)
        os.replace(part, path)

    def add(self, outcome):
        """Record an outcome."""
        self._append(asdict(outcome) | {"limits": self._limits})

    def _append(self, entry):
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._file.flush()

    def _load(self):
        self._file.seek(0)
        text = self._file.read()
        # A torn last line would spoil the next one.
        self._file.truncate(text.rfind(b"\n") + 1)
        for entry in _entries(text):
            if "complete" in entry:
                self._settled = {url: found for url, found in self._settled.items() if found.status != FAILED}
                continue
            limits = entry.pop("limits")
            outcome = Outcome(**entry)
            self._settled.pop(outcome.url, None)
            if self._holds(outcome, limits):
                self._settled[outcome.url] = outcome

    def _holds(self, outcome, limits):
        if outcome.status == OK:
            stored = content_path(self._folder, outcome.sha256)
            return (
                stored.exists() and stored.stat().st_size == outcome.bytes and atomic.sha256(stored) == outcome.sha256
            )
        if outcome.status in (REFUSED, UNUSABLE):
            return limits == self._limits
        # A name that is unknown today may be a network that is down; looking it up again costs nobody a request.
        return outcome.status == FAILED or (outcome.status == DEAD and outcome.reason != UNKNOWN_HOST)


def _entries(text):
    """Yield the entries of a ledger. A line that a crash of the machine damaged is skipped: its URL is asked again."""
    for line in text.split(b"\n")[:-1]:
        try:
            yield json.loads(line)
        except ValueError:
            continue
