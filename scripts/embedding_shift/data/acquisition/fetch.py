"""Fetch one URL: redirects, limits, time-outs and retries."""

import asyncio
import hashlib
import ssl
import time
from dataclasses import replace
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Self

import httpx2

from embedding_shift.data.acquisition import addresses, content_encoding
from embedding_shift.data.acquisition.content import ContentCheck
from embedding_shift.data.acquisition.content_store import ContentStore
from embedding_shift.data.acquisition.options import Options
from embedding_shift.data.acquisition.outcome import BROKEN, DEAD, FAILED, OK, REFUSED, UNUSABLE, Outcome, Problem

USER_AGENT = "embedding-shift/1.0 (research; fetches the images of a published dataset)"
HEADERS = {"User-Agent": USER_AGENT, "Accept": "image/*, */*;q=0.5", "Accept-Encoding": "identity"}
REDIRECTS = {301, 302, 303, 307, 308}
TEMPORARY = {408, 425, 429}
TOO_LARGE = "too many bytes"


class Fetcher:
    """Fetches URLs into a content store. An async context manager.

    Args:
        options: limits of the requests.
        store: an opened content store.
        check: decides whether a fetched file is usable. It runs in a thread, for one file at a time.
    """

    def __init__(self, options: Options, store: ContentStore, check: ContentCheck) -> None:
        self._options = options
        self._store = store
        self._check = check
        self._connections = asyncio.Semaphore(options.connections)
        # Decoded images are much larger than their files. Checking one at a time bounds the memory.
        self._checking = asyncio.Lock()
        self._not_before: dict[str, float] = {}
        self._client = httpx2.AsyncClient(
            transport=addresses.CheckedTransport(options.allow_private_addresses, lookups=options.connections),
            headers=HEADERS,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=options.timeout,
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.aclose()

    async def fetch(self, text: str) -> Outcome:
        """Fetch the URL `text`, with as many attempts as the options allow, and return the outcome."""
        started = time.monotonic()
        for attempt in range(1, self._options.attempts + 1):
            try:
                url = addresses.checked_url(text)
                outcome = await self._wait_and_attempt(text, url)
                break
            except Problem as problem:
                outcome = Outcome(text, problem.status, problem.reason)
                if problem.wait is not None:
                    self._delay_requests(url.host, problem.wait)
                if not problem.retry:
                    break
                if attempt < self._options.attempts and problem.wait is None:
                    await asyncio.sleep(min(self._options.backoff * 2 ** (attempt - 1), self._options.longest_wait))
        return replace(outcome, seconds=round(time.monotonic() - started, 3), attempts=attempt)

    def _delay_requests(self, host: str, seconds: float) -> None:
        until = time.monotonic() + min(max(seconds, 0), self._options.longest_wait)
        self._not_before[host] = max(until, self._not_before.get(host, 0))

    async def _wait_and_attempt(self, text: str, url: httpx2.URL) -> Outcome:
        while True:
            async with self._connections:
                # The host may have asked for a delay while this URL waited for a connection.
                wait = self._not_before.get(url.host, 0) - time.monotonic()
                if wait <= 0:
                    return await self._attempt(text, url)
            await asyncio.sleep(wait)

    async def _attempt(self, text: str, url: httpx2.URL) -> Outcome:
        # Named by the text, because two texts can stand for the same URL and be fetched at the same time.
        part = self._store.part(hashlib.sha256(text.encode()).hexdigest())
        try:
            sha256, size = await self._download(url, part)
            async with self._checking:
                pixels_sha256 = await asyncio.to_thread(self._check, part)
            self._store.store(part, sha256)
        finally:
            part.unlink(missing_ok=True)
        return Outcome(text, OK, "", sha256, size, pixels_sha256=pixels_sha256)

    async def _download(self, url: httpx2.URL, part: Path) -> tuple[str, int]:
        try:
            async with asyncio.timeout(self._options.deadline):
                return await self._follow_redirects(url, part)
        except TimeoutError:
            raise Problem(FAILED, "took too long", retry=True) from None
        except httpx2.TimeoutException:
            raise Problem(FAILED, "timed out", retry=True) from None
        except (httpx2.RemoteProtocolError, httpx2.InvalidURL, ValueError):
            raise Problem(FAILED, BROKEN, retry=True) from None
        except httpx2.HTTPError as error:
            reason = "TLS failed" if _is_tls(error) else "connection failed"
            raise Problem(FAILED, reason, retry=True) from None

    async def _follow_redirects(self, url: httpx2.URL, part: Path) -> tuple[str, int]:
        for _ in range(self._options.max_redirects + 1):
            async with self._client.stream("GET", url) as response:
                target = response.headers.get("location")
                if response.status_code not in REDIRECTS or target is None:
                    _check_status(response)
                    return await self._write(response, part)
            try:
                url = url.join(target)
            except (httpx2.InvalidURL, ValueError):
                raise Problem(REFUSED, addresses.MALFORMED) from None
            url = addresses.checked_url(url)
        raise Problem(REFUSED, "too many redirects")

    async def _write(self, response: httpx2.Response, part: Path) -> tuple[str, int]:
        declared = response.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._options.max_bytes:
            raise Problem(UNUSABLE, TOO_LARGE)
        digest, size = hashlib.sha256(), 0
        decoder = content_encoding.decoder(response.headers.get("content-encoding", ""))
        with open(part, "wb") as file:
            async for received in response.aiter_raw():
                for block in decoder.blocks(received):
                    size += len(block)
                    if size > self._options.max_bytes:
                        raise Problem(UNUSABLE, TOO_LARGE)
                    digest.update(block)
                    file.write(block)
        decoder.finish()
        return digest.hexdigest(), size


def _check_status(response: httpx2.Response) -> None:
    status = response.status_code
    if status == 200:
        return
    temporary = status in TEMPORARY or status >= 500
    wait = _retry_after(response.headers.get("retry-after")) if temporary else None
    raise Problem(FAILED if temporary else DEAD, f"HTTP {status}", temporary, wait)


def _retry_after(value: str | None) -> float | None:
    """Return the seconds given by a `Retry-After` header, which holds seconds or a date (RFC 9110, 10.2.3), or None."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
