"""Acquire many URLs: which come next, how many at once, and what is left to do."""

import asyncio
import bisect
import heapq
from collections import deque
from urllib.parse import urlsplit

from tqdm import tqdm

from embedding_shift.data.acquisition.content_store import Ledger
from embedding_shift.data.acquisition.fetch import Fetcher
from embedding_shift.data.acquisition.outcome import OK

# Of the URLs that were started some wait for a host that asked for patience, and hold no connection meanwhile.
STARTED_PER_CONNECTION = 4


def acquire(urls, folder, options, check, enough=None):
    """Fetch URLs into `folder`, going on where an earlier run stopped.

    Args:
        urls: distinct URLs, in the order in which they are wanted.
        folder: keeps the state; contents lie at ledger.content_path(folder, sha256).
        options: acquisition.options.Options.
        check: decides whether content is usable (acquisition.content).
        enough: stop once so many are there. It is then exactly the first `enough` usable URLs in the order of `urls`
            that count, however fast each host answered; later ones may have been fetched as well.

    Returns:
        {url: Outcome}; URLs that were not needed are absent.

    Raises:
        InputError: another run uses the folder.
    """
    limits = f"{options.limits()} {check.limits()}".strip()
    with Ledger(folder, limits).opened() as ledger:
        outcomes = asyncio.run(_run(urls, options, check, enough, ledger))
    usable = [url for url in urls if url in outcomes and outcomes[url].status == OK]
    if enough is None or len(usable) <= enough:
        return outcomes
    last = urls.index(usable[enough - 1])
    return {url: outcomes[url] for url in urls[: last + 1]}


async def _run(urls, options, check, enough, ledger):
    outcomes = {url: outcome for url in urls if (outcome := ledger.settled(url))}
    usable = [position for position, url in enumerate(urls) if url in outcomes and outcomes[url].status == OK]
    queue = _Queue([(position, url) for position, url in enumerate(urls) if url not in outcomes], options)

    def is_needed(position):
        return enough is None or bisect.bisect_left(usable, position) < enough

    with tqdm(total=len(urls), initial=len(outcomes), desc="Fetching", unit=" URLs", mininterval=2) as progress:
        async with Fetcher(options, ledger, check) as fetcher:
            async for position, outcome in _as_finished(queue, is_needed, fetcher, options):
                ledger.add(outcome)
                outcomes[outcome.url] = outcome
                if outcome.status == OK:
                    bisect.insort(usable, position)
                progress.set_postfix(usable=len(usable), refresh=False)
                progress.update()
    return outcomes


async def _as_finished(queue, is_needed, fetcher, options):
    """Yield (position, Outcome) of every URL of the queue, as they come in."""
    most = STARTED_PER_CONNECTION * options.connections
    running = {}
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
    """Gives out URLs in their order, except that a host that is busy enough has to wait."""

    def __init__(self, numbered_urls, options):
        self._waiting = {}
        for position, url in numbered_urls:
            self._waiting.setdefault(_host(url), deque()).append((position, url))
        self._free = dict.fromkeys(self._waiting, options.connections_per_host)
        self._ready = [(urls[0][0], host) for host, urls in self._waiting.items()]
        heapq.heapify(self._ready)

    def next(self, is_needed):
        """Return the first (position, URL) that may start, or None; positions that are not needed are dropped."""
        while self._ready:
            position, host = heapq.heappop(self._ready)
            if not is_needed(position):
                # Nor is any later one, of this host or of those behind it.
                self._ready.clear()
                return None
            found = self._waiting[host].popleft()
            self._free[host] -= 1
            self._offer(host)
            return found
        return None

    def finished(self, url):
        """Let the host of `url` take the next one."""
        host = _host(url)
        self._free[host] += 1
        if self._free[host] == 1:
            self._offer(host)

    def _offer(self, host):
        if self._free[host] and self._waiting[host]:
            heapq.heappush(self._ready, (self._waiting[host][0][0], host))


def _host(url):
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
