"""Fetch one URL: redirects, limits, time-outs, retries."""

import asyncio
import hashlib
import ssl
import time
from dataclasses import replace
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2

from embedding_shift.data.acquisition import addresses, content_encoding
from embedding_shift.data.acquisition.outcome import BROKEN, DEAD, FAILED, OK, REFUSED, UNUSABLE, Outcome, Problem

USER_AGENT = "embedding-shift/1.0 (research; fetches the images of a published dataset)"
HEADERS = {"User-Agent": USER_AGENT, "Accept": "image/*, */*;q=0.5", "Accept-Encoding": "identity"}
REDIRECTS = {301, 302, 303, 307, 308}
PASSING = {408, 425, 429}
TOO_LARGE = "too many bytes"


class Fetcher:
    """Fetches URLs into a ledger's folder. An async context manager.

    Args:
        options: acquisition.options.Options.
        ledger: an opened acquisition.ledger.Ledger.
        check: called with the path of a fetched file, in a thread, one file at a time; raises Problem.
    """

    def __init__(self, options, ledger, check):
        self._options = options
        self._ledger = ledger
        self._check = check
        self._connections = asyncio.Semaphore(options.connections)
        # Decoded images are far larger than their files: one at a time keeps memory flat.
        self._checking = asyncio.Lock()
        self._not_before = {}
        self._client = httpx2.AsyncClient(
            transport=addresses.CheckedTransport(options.allow_private_addresses, lookups=options.connections),
            headers=HEADERS,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=options.timeout,
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self):
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *error):
        await self._client.__aexit__(*error)

    async def fetch(self, text):
        """Return the Outcome of the URL `text`, after as many attempts as the options allow."""
        started = time.monotonic()
        for attempt in range(1, self._options.attempts + 1):
            try:
                url = addresses.checked_url(text)
                sha256, size = await self._take_turn(text, url)
                outcome = Outcome(text, OK, "", sha256, size)
                break
            except Problem as problem:
                outcome = Outcome(text, problem.status, problem.reason)
                if problem.wait is not None:
                    self._leave_alone(url.host, problem.wait)
                if not problem.retry:
                    break
                if attempt < self._options.attempts and problem.wait is None:
                    await asyncio.sleep(min(self._options.backoff * 2 ** (attempt - 1), self._options.longest_wait))
        return replace(outcome, seconds=round(time.monotonic() - started, 3), attempts=attempt)

    def _leave_alone(self, host, seconds):
        until = time.monotonic() + min(max(seconds, 0), self._options.longest_wait)
        self._not_before[host] = max(until, self._not_before.get(host, 0))

    async def _take_turn(self, text, url):
        while True:
            async with self._connections:
                # Only now is it known whether the host asked for patience while this URL stood in line.
                wait = self._not_before.get(url.host, 0) - time.monotonic()
                if wait <= 0:
                    return await self._attempt(text, url)
            await asyncio.sleep(wait)

    async def _attempt(self, text, url):
        # By the text, since two texts can mean one URL, and be under way at once.
        part = self._ledger.part(hashlib.sha256(text.encode()).hexdigest())
        try:
            sha256, size = await self._download(url, part)
            async with self._checking:
                await asyncio.to_thread(self._check, part)
            self._ledger.store(part, sha256)
        finally:
            part.unlink(missing_ok=True)
        return sha256, size

    async def _download(self, url, part):
        try:
            async with asyncio.timeout(self._options.deadline):
                return await self._follow(url, part)
        except TimeoutError:
            raise Problem(FAILED, "took too long", retry=True) from None
        except httpx2.TimeoutException:
            raise Problem(FAILED, "timed out", retry=True) from None
        except (httpx2.RemoteProtocolError, httpx2.InvalidURL, ValueError):
            raise Problem(FAILED, BROKEN, retry=True) from None
        except httpx2.HTTPError as error:
            reason = "TLS failed" if _is_tls(error) else "connection failed"
            raise Problem(FAILED, reason, retry=True) from None

    async def _follow(self, url, part):
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

    async def _write(self, response, part):
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


def _check_status(response):
    status = response.status_code
    if status == 200:
        return
    passing = status in PASSING or status >= 500
    wait = _retry_after(response.headers.get("retry-after")) if passing else None
    raise Problem(FAILED if passing else DEAD, f"HTTP {status}", passing, wait)


def _retry_after(value):
    """Return the seconds of a `Retry-After` header, which holds seconds or a date (RFC 9110, 10.2.3), or None."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None


def _is_tls(error):
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
