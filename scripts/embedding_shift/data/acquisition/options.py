"""The limits within which URLs are requested."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from embedding_shift.errors import InputError

# A shard contains thousands of images.
FOR_SHARDS = {"max_bytes": 20_000_000_000, "deadline": 3600.0}


@dataclass(frozen=True)
class Options:
    """Limits of an acquisition; config/schema.yaml describes them and holds the same defaults.

    Attributes:
        connections: largest number of simultaneous requests.
        connections_per_host: largest number of simultaneous requests to one host.
        attempts: largest number of attempts per URL in one run.
        backoff: seconds before the second attempt; doubled before every further one.
        longest_wait: upper limit in seconds for a back-off and for `Retry-After`.
        timeout: seconds to connect, and between two parts of a response.
        deadline: seconds for one attempt, including redirects and the body.
        max_bytes: largest size of a content after decompression.
        max_redirects: redirects followed in one attempt.
        allow_private_addresses: networks that may be requested although they are not public, such as `127.0.0.0/8`.
    """

    connections: int = 32
    connections_per_host: int = 4
    attempts: int = 3
    backoff: float = 1.0
    longest_wait: float = 60.0
    timeout: float = 15.0
    deadline: float = 60.0
    max_bytes: int = 20_000_000
    max_redirects: int = 5
    allow_private_addresses: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Mapping[str, Any], **defaults: Any) -> Self:
        """Return the options of a configuration.

        Args:
            given: {name: value} of the options that are set; the value None keeps the default.
            defaults: defaults that replace those for images.

        Raises:
            InputError: a name is unknown, or a network is malformed.
        """
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise InputError(f"unknown acquisition option {unknown[0]!r}; allowed are {', '.join(known)}")
        options = cls(**defaults | {name: value for name, value in given.items() if value is not None})
        for network in options.allow_private_addresses:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise InputError(f"acquisition option allow_private_addresses: {error}") from None
        return options

    def limits(self) -> str:
        """Return, as text, the options that decide whether content is accepted: if they change, it is checked again."""
        names = ("max_bytes", "max_redirects", "allow_private_addresses")
        return json.dumps({name: getattr(self, name) for name in names})
