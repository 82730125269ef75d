"""Acquire many URLs: their order, the number of simultaneous requests, and when to stop."""

from __future__ import annotations

import asyncio
import bisect
import heapq
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from tqdm import tqdm

from embedding_shift.data.acquisition.content import ContentCheck
from embedding_shift.data.acquisition.content_store import ContentStore
from embedding_shift.data.acquisition.fetch import Fetcher
from embedding_shift.data.acquisition.options import Options
from embedding_shift.data.acquisition.outcome import OK, Outcome

# Some of the started URLs wait for a host that asked for a delay, and hold no connection meanwhile.
STARTED_PER_CONNECTION = 4


def acquire(
    urls: Sequence[str],
    folder: str | Path,
    options: Options,
    check: ContentCheck,
    enough: int | None = None,
    count_duplicates: bool = False,
) -> dict[str, Outcome]:
    """Fetch URLs into `folder`, continuing where an earlier run stopped.

    Args:
        urls: distinct URLs, in order of preference.
        folder: the downloads folder; contents are stored at `content_store.content_path(folder, sha256)`.
        options: limits of the requests.
        check: decides whether a content is usable.
        enough: stop after this many usable URLs with different contents; fetch all if None. The result always holds the
            first of them in the order of `urls`, however fast each host responds. Later URLs may have been fetched as
            well.
        count_duplicates: count URLs with the same content as different ones.

    Returns:
        {url: Outcome}, without URLs that were not needed.

    Raises:
        InputError: another run uses the folder.
    """
    limits = f"{options.limits()} {check.limits()}".strip()
    needed = _Needed(enough, count_duplicates)
    with ContentStore(folder, limits).opened() as store:
        outcomes = asyncio.run(_run(urls, options, check, needed, store))
    return {url: outcomes[url] for position, url in enumerate(urls) if url in outcomes and needed(position)}


async def _run(
    urls: Sequence[str], options: Options, check: ContentCheck, needed: _Needed, store: ContentStore
) -> dict[str, Outcome]:
    outcomes = {url: outcome for url in urls if (outcome := store.settled(url))}
    for position, url in enumerate(urls):
        if url in outcomes:
            needed.add(position, outcomes[url])
    queue = _Queue([(position, url) for position, url in enumerate(urls) if url not in outcomes], options)
    with tqdm(total=len(urls), initial=len(outcomes), desc="Fetching", unit=" URLs", mininterval=2) as progress:
        async with Fetcher(options, store, check) as fetcher:
            async for position, outcome in _as_finished(queue, needed, fetcher, options):
                store.add(outcome)
                outcomes[outcome.url] = outcome
                needed.add(position, outcome)
                progress.set_postfix(usable=len(needed), refresh=False)
                progress.update()
    return outcomes


class _Needed:
    """Decides which URLs are needed for a number of usable contents, from the outcomes that are known so far.

    A position that is not needed never becomes needed again.

    Args:
        enough: the number of contents; every URL is needed if None.
        count_duplicates: whether URLs with the same content count as different ones.
    """

    def __init__(self, enough: int | None, count_duplicates: bool) -> None:
        self._enough = enough
        self._count_duplicates = count_duplicates
        self._first: dict[str, int] = {}  # {content: position of the first URL that gave it}
        self._positions: list[int] = []  # the same positions, sorted

    def add(self, position: int, outcome: Outcome) -> None:
        """Take note of the outcome of the URL at `position`."""
        if outcome.status != OK:
            return
        content = outcome.url if self._count_duplicates else outcome.content
        known = self._first.get(content, position)
        if known < position:
            return
        if content in self._first:
            self._positions.remove(known)
        self._first[content] = position
        bisect.insort(self._positions, position)

    def __call__(self, position: int) -> bool:
        """Return whether fewer than enough contents come from URLs before `position`."""
        return self._enough is None or bisect.bisect_left(self._positions, position) < self._enough

    def __len__(self) -> int:
        """Return the number of usable contents."""
        return len(self._positions)


async def _as_finished(
    queue: _Queue, is_needed: Callable[[int], bool], fetcher: Fetcher, options: Options
) -> AsyncIterator[tuple[int, Outcome]]:
    """Yield (position, Outcome) of every URL of the queue as soon as it is known."""
    most = STARTED_PER_CONNECTION * options.connections
    running: dict[asyncio.Task[Outcome], int] = {}
    while True:
        while len(running) < most and (found := queue.next(is_needed)):
            position, url = found
            running[asyncio.create_task(fetcher.fetch(url))] = position
        if not running:
            return
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            outcome = task.result()
            queue.finished(outcome.url)
            yield running.pop(task), outcome


class _Queue:
    """Yields URLs in their order, but skips hosts that have all their connections in use."""

    def __init__(self, numbered_urls: Iterable[tuple[int, str]], options: Options) -> None:
        self._waiting: dict[str, deque[tuple[int, str]]] = {}
        for position, url in numbered_urls:
            self._waiting.setdefault(_host(url), deque()).append((position, url))
        self._free = dict.fromkeys(self._waiting, options.connections_per_host)
        self._ready = [(urls[0][0], host) for host, urls in self._waiting.items()]
        heapq.heapify(self._ready)

    def next(self, is_needed: Callable[[int], bool]) -> tuple[int, str] | None:
        """Return the first (position, URL) that may start, or None. Positions that are not needed are dropped."""
        while self._ready:
            position, host = heapq.heappop(self._ready)
            if not is_needed(position):
                # Later positions, of this host or of others, are not needed either.
                self._ready.clear()
                return None
            found = self._waiting[host].popleft()
            self._free[host] -= 1
            self._offer(host)
            return found
        return None

    def finished(self, url: str) -> None:
        """Release the connection of `url`, so that its host can take the next URL."""
        host = _host(url)
        self._free[host] += 1
        if self._free[host] == 1:
            self._offer(host)

    def _offer(self, host: str) -> None:
        if self._free[host] and self._waiting[host]:
            heapq.heappush(self._ready, (self._waiting[host][0][0], host))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
