"""Decide which addresses may be requested; a transport that connects to exactly the address that was checked."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.request import getproxies, proxy_bypass

import httpx2

from embedding_shift.data.acquisition.outcome import DEAD, FAILED, REFUSED, UNKNOWN_HOST, Problem
from embedding_shift.errors import InputError

SCHEMES = ("http", "https")
PRIVATE = "private address"
MALFORMED = "not a valid URL"
NAT64 = ipaddress.ip_network("64:ff9b::/96")
MOST_ADDRESSES = 3


def checked_url(text: str | httpx2.URL) -> httpx2.URL:
    """Return `text` as a URL that may be requested, judging by its form only.

    Raises:
        Problem: it is not a URL, or its scheme is neither http nor https.
    """
    try:
        url = httpx2.URL(text)
    except (httpx2.InvalidURL, UnicodeError, ValueError):
        raise Problem(REFUSED, MALFORMED) from None
    if url.scheme not in SCHEMES:
        raise Problem(REFUSED, "neither http nor https")
    if not url.host or not 0 < (url.port or 80) <= 65535:
        raise Problem(REFUSED, MALFORMED)
    return url


def is_public(text: str) -> bool:
    """Return whether an IP address is globally reachable. IPv6 addresses that contain an IPv4 address are unwrapped."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        if address in NAT64:
            return is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)))
        wrapped = address.ipv4_mapped or address.sixtofour
        if wrapped:
            return is_public(str(wrapped))
    return address.is_global and not address.is_multicast


class CheckedTransport(httpx2.AsyncBaseTransport):
    """Resolves each host once, drops the addresses that are not public, and connects to one of the others.

    The host name is not resolved again when the socket is opened, so that a name server cannot return another address
    after the check. A connection serves one request, because another host may share the address but not the
    certificate.

    The proxies of the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`) are used. A proxy resolves host names
    itself, so that only addresses written out in the URL are checked. Loopback is never requested through a proxy.

    Args:
        allow_private_addresses: networks that may be requested although they are not public.
        lookups: number of threads that resolve host names.

    Raises:
        InputError: a proxy of the environment does not use HTTP.
    """

    def __init__(self, allow_private_addresses: Sequence[str], lookups: int) -> None:
        self._networks = [ipaddress.ip_network(network) for network in allow_private_addresses]
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
        self._direct = httpx2.AsyncHTTPTransport(limits=limits)
        self._proxied = {
            scheme: httpx2.AsyncHTTPTransport(limits=limits, proxy=_checked_proxy(scheme, proxy))
            for scheme, proxy in getproxies().items()
            if scheme in SCHEMES
        }
        self._lookups = ThreadPoolExecutor(lookups, thread_name_prefix="lookup")
        self._addresses: dict[str, asyncio.Future[list[str] | Problem]] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request to an address that may be requested.

        Raises:
            Problem: the host is unknown, cannot be resolved, or has no address that may be requested.
        """
        host = request.url.host
        proxied = self._proxied.get(request.url.scheme)
        if proxied and not _is_loopback(host) and not proxy_bypass(host):
            self._check_literal(host)
            return await proxied.handle_async_request(request)
        *others, last = await self._allowed(host)
        for address in others:
            with contextlib.suppress(httpx2.ConnectError, httpx2.ConnectTimeout):
                return await self._direct.handle_async_request(_addressed_to(address, request))
        return await self._direct.handle_async_request(_addressed_to(last, request))

    async def aclose(self) -> None:
        """Close all connections."""
        self._lookups.shutdown(wait=False, cancel_futures=True)
        for transport in (self._direct, *self._proxied.values()):
            await transport.aclose()

    def _check_literal(self, host: str) -> None:
        try:
            allowed = self._may_be_requested(host)
        except ValueError:
            return
        if not allowed:
            raise Problem(REFUSED, PRIVATE)

    def _may_be_requested(self, address: str) -> bool:
        return is_public(address) or any(ipaddress.ip_address(address) in network for network in self._networks)

    async def _allowed(self, host: str) -> list[str]:
        if host not in self._addresses:
            loop = asyncio.get_running_loop()
            self._addresses[host] = loop.run_in_executor(self._lookups, _resolve, host)
        # Shielded, because other requests may wait for the same answer when this one times out.
        found = await asyncio.shield(self._addresses[host])
        if isinstance(found, Problem):
            if found.retry:
                self._addresses.pop(host, None)
            raise Problem(found.status, found.reason, found.retry)
        allowed = [address for address in found if self._may_be_requested(address)]
        if not allowed:
            raise Problem(REFUSED, PRIVATE)
        return allowed[:MOST_ADDRESSES]


def _checked_proxy(scheme: str, proxy: str) -> str:
    """Return the URL of a proxy of the environment, which may be written without a scheme."""
    url = proxy if "://" in proxy else f"http://{proxy}"
    if not url.lower().startswith(("http://", "https://")):
        raise InputError(f"{scheme.upper()}_PROXY is {proxy}; an HTTP proxy is required")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _resolve(host: str) -> list[str] | Problem:
    """Return the addresses of a host, or the Problem: several requests may wait for it, and each raises its own."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError:
        return Problem(REFUSED, MALFORMED)
    except socket.gaierror as error:
        if error.errno in (socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM):
            return Problem(FAILED, "name lookup failed", retry=True)
        return Problem(DEAD, UNKNOWN_HOST)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _addressed_to(address: str, request: httpx2.Request) -> httpx2.Request:
    """Return the same request to a given address. The Host header and TLS still use the host name."""
    name = request.url.host
    is_name = name != address
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions=request.extensions | ({"sni_hostname": name} if is_name else {}),
    )
