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
    urls: Sequence[str], folder: str | Path, options: Options, check: ContentCheck, enough: int | None = None
) -> dict[str, Outcome]:
    """Fetch URLs into `folder`, continuing where an earlier run stopped.

    Args:
        urls: distinct URLs, in order of preference.
        folder: the downloads folder; contents are stored at `content_store.content_path(folder, sha256)`.
        options: limits of the requests.
        check: decides whether a content is usable.
        enough: stop after this many usable URLs; fetch all if None. The result always holds the first `enough` usable
            URLs in the order of `urls`, however fast each host responds. Later URLs may have been fetched as well.

    Returns:
        {url: Outcome}, without URLs that were not needed.

    Raises:
        InputError: another run uses the folder.
    """
    limits = f"{options.limits()} {check.limits()}".strip()
    with ContentStore(folder, limits).opened() as store:
        outcomes = asyncio.run(_run(urls, options, check, enough, store))
    usable = [url for url in urls if url in outcomes and outcomes[url].status == OK]
    if enough is None or len(usable) <= enough:
        return outcomes
    last = urls.index(usable[enough - 1])
    return {url: outcomes[url] for url in urls[: last + 1]}


async def _run(
    urls: Sequence[str], options: Options, check: ContentCheck, enough: int | None, store: ContentStore
) -> dict[str, Outcome]:
    outcomes = {url: outcome for url in urls if (outcome := store.settled(url))}
    usable = [position for position, url in enumerate(urls) if url in outcomes and outcomes[url].status == OK]
    queue = _Queue([(position, url) for position, url in enumerate(urls) if url not in outcomes], options)

    def is_needed(position: int) -> bool:
        return enough is None or bisect.bisect_left(usable, position) < enough

    with tqdm(total=len(urls), initial=len(outcomes), desc="Fetching", unit=" URLs", mininterval=2) as progress:
        async with Fetcher(options, store, check) as fetcher:
            async for position, outcome in _as_finished(queue, is_needed, fetcher, options):
                store.add(outcome)
                outcomes[outcome.url] = outcome
                if outcome.status == OK:
                    bisect.insort(usable, position)
                progress.set_postfix(usable=len(usable), refresh=False)
                progress.update()
    return outcomes


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
