"""The downloads folder: fetched contents under their SHA-256, and a journal with the outcome of every URL.

The folder is kept when a run is interrupted, so that the next run continues there.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from embedding_shift.data.acquisition.outcome import DEAD, FAILED, OK, REFUSED, UNKNOWN_HOST, UNUSABLE, Outcome
from embedding_shift.errors import InputError
from embedding_shift.io import atomic

# Older downloads folders have the same name, so that a run continues there.
JOURNAL = "ledger.jsonl"
PARTS = "parts"


def content_path(folder: str | Path, sha256: str) -> Path:
    """Return the path of the content with the given digest."""
    return Path(folder) / sha256[:2] / sha256


class ContentStore:
    """The downloads folder of one dataset.

    The journal has one line per outcome, so that a killed run loses at most the line that it was writing. The line
    `{"complete": true}` marks the end of a run. URLs that failed before it are requested again. URLs that failed after
    it belong to an interrupted run, which now continues, and are not requested again.

    Args:
        folder: the downloads folder.
        limits: the limits of this run, as text. Content that was rejected under other limits is requested again.
    """

    def __init__(self, folder: str | Path, limits: str) -> None:
        self._folder = Path(folder)
        self._limits = limits
        self._settled: dict[str, Outcome] = {}
        self._file: BinaryIO

    @contextmanager
    def opened(self) -> Iterator[ContentStore]:
        """Lock the folder, delete incomplete contents of an interrupted run, and accept outcomes until the end.

        Raises:
            InputError: another run is using the folder.
        """
        (self._folder / PARTS).mkdir(parents=True, exist_ok=True)
        with open(self._folder / JOURNAL, "a+b") as self._file:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(f"another run is fetching into {self._folder}; wait until it ends") from None
            except OSError:
                pass  # The file system has no locks; Snakemake's own lock has to suffice.
            for part in (self._folder / PARTS).iterdir():
                part.unlink()
            self._load()
            yield self
            self._append({"complete": True})

    def settled(self, url: str) -> Outcome | None:
        """Return the outcome of a URL that need not be requested, or None."""
        return self._settled.get(url)

    def part(self, name: str) -> Path:
        """Return a path for incomplete content."""
        return self._folder / PARTS / name

    def store(self, part: Path, sha256: str) -> None:
        """Move complete content to its final path."""
        path = content_path(self._folder, sha256)
        path.parent.mkdir(exist_ok=True)
        os.replace(part, path)

    def add(self, outcome: Outcome) -> None:
        """Append an outcome to the journal."""
        self._append(asdict(outcome) | {"limits": self._limits})

    def _append(self, entry: dict[str, Any]) -> None:
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._file.flush()

    def _load(self) -> None:
        self._file.seek(0)
        text = self._file.read()
        # An incomplete last line would corrupt the next one.
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

    def _holds(self, outcome: Outcome, limits: str) -> bool:
        if outcome.status == OK:
            stored = content_path(self._folder, outcome.sha256)
            return (
                stored.exists() and stored.stat().st_size == outcome.bytes and atomic.sha256(stored) == outcome.sha256
            )
        if outcome.status in (REFUSED, UNUSABLE):
            return limits == self._limits
        # An unknown host may be due to a network failure. Resolving its name again costs no request.
        return outcome.status == FAILED or (outcome.status == DEAD and outcome.reason != UNKNOWN_HOST)


def _entries(text: bytes) -> Iterator[dict[str, Any]]:
    """Yield the entries of a journal. Damaged lines are skipped, so that their URLs are requested again."""
    for line in text.split(b"\n")[:-1]:
        try:
            yield json.loads(line)
        except ValueError:
            continue
