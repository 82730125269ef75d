"""Which addresses may be asked, and a transport that connects to exactly the address that was checked."""

import asyncio
import ipaddress
import socket
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


def checked_url(text):
    """Return `text` as a URL that may be asked for, as far as its form tells.

    Raises:
        Problem: it is no URL, or neither http nor https.
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


def is_public(address):
    """Tell whether an IP address (text) is globally reachable, also where it wraps an IPv4 address."""
    address = ipaddress.ip_address(address)
    if address.version == 6:
        if address in NAT64:
            return is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)))
        wrapped = address.ipv4_mapped or address.sixtofour
        if wrapped:
            return is_public(str(wrapped))
    return address.is_global and not address.is_multicast


class CheckedTransport(httpx2.AsyncBaseTransport):
    """Resolves each host once, drops the addresses that are not public, and connects to one that was checked.

    The name is not looked up again on the way to the socket, so that a name server cannot swap the address in
    between. A connection serves one request, since another host may share the address but not the certificate.

    The proxies of the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`) are used; a proxy looks names up itself,
    so that only addresses written out in the URL are checked then. Loopback is never asked through a proxy.
    """

    def __init__(self, allow_private_addresses, lookups):
        self._networks = [ipaddress.ip_network(network) for network in allow_private_addresses]
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
        self._direct = httpx2.AsyncHTTPTransport(limits=limits)
        self._proxied = {
            scheme: httpx2.AsyncHTTPTransport(limits=limits, proxy=_checked_proxy(scheme, proxy))
            for scheme, proxy in getproxies().items()
            if scheme in SCHEMES
        }
        self._lookups = ThreadPoolExecutor(lookups, thread_name_prefix="lookup")
        self._addresses = {}

    async def handle_async_request(self, request):
        host = request.url.host
        proxied = self._proxied.get(request.url.scheme)
        if proxied and not _is_loopback(host) and not proxy_bypass(host):
            self._check_literal(host)
            return await proxied.handle_async_request(request)
        for address in (addresses := await self._allowed(host)):
            try:
                return await self._direct.handle_async_request(_to(address, request))
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if address == addresses[-1]:
                    raise

    async def aclose(self):
        self._lookups.shutdown(wait=False, cancel_futures=True)
        for transport in (self._direct, *self._proxied.values()):
            await transport.aclose()

    def _check_literal(self, host):
        try:
            allowed = self._may_be_asked(host)
        except ValueError:
            return
        if not allowed:
            raise Problem(REFUSED, PRIVATE)

    def _may_be_asked(self, address):
        return is_public(address) or any(ipaddress.ip_address(address) in network for network in self._networks)

    async def _allowed(self, host):
        if host not in self._addresses:
            loop = asyncio.get_running_loop()
            self._addresses[host] = loop.run_in_executor(self._lookups, _resolve, host)
        # Shielded, because other requests wait for the same answer when this one runs out of time.
        found = await asyncio.shield(self._addresses[host])
        if isinstance(found, Problem):
            if found.retry:
                self._addresses.pop(host, None)
            raise Problem(found.status, found.reason, found.retry)
        allowed = [address for address in found if self._may_be_asked(address)]
        if not allowed:
            raise Problem(REFUSED, PRIVATE)
        return allowed[:MOST_ADDRESSES]


def _checked_proxy(scheme, proxy):
    """Return the URL of a proxy of the environment, which may lack its own scheme."""
    url = proxy if "://" in proxy else f"http://{proxy}"
    if not url.lower().startswith(("http://", "https://")):
        raise InputError(f"{scheme.upper()}_PROXY is {proxy}; a proxy that speaks HTTP is needed")
    return url


def _is_loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _resolve(host):
    """Return the addresses of a host, or the Problem: several requests wait for the answer, and each raises its own."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError:
        return Problem(REFUSED, MALFORMED)
    except socket.gaierror as error:
        if error.errno in (socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM):
            return Problem(FAILED, "name lookup failed", retry=True)
        return Problem(DEAD, UNKNOWN_HOST)
    return list(dict.fromkeys(entry[4][0] for entry in found))


def _to(address, request):
    """The same request to a given address; the Host header was set from the name, and TLS is told it too."""
    name = request.url.host
    is_name = name != address
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions=request.extensions | ({"sni_hostname": name} if is_name else {}),
    )
