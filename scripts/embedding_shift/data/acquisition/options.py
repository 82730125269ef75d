"""The limits within which URLs are asked for."""

import ipaddress
import json
from dataclasses import dataclass, fields

from embedding_shift.errors import InputError

# A shard holds thousands of images.
FOR_SHARDS = {"max_bytes": 20_000_000_000, "deadline": 3600.0}


@dataclass(frozen=True)
class Options:
    """Limits of an acquisition; config/schema.yaml describes them and holds the same defaults.

    Attributes:
        connections: requests under way at once.
        connections_per_host: of those, to one host.
        attempts: how often a URL is tried in one run.
        backoff: seconds before the second attempt; doubled before every further one.
        longest_wait: seconds; no back-off and no `Retry-After` keeps us waiting longer.
        timeout: seconds to connect, and between two pieces of an answer.
        deadline: seconds for one attempt, redirects and body included.
        max_bytes: size of the largest content, after its transfer encoding is undone.
        max_redirects: redirects followed in one attempt.
        allow_private_addresses: networks that may be asked although they are not public, as `127.0.0.0/8`.
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
    allow_private_addresses: tuple = ()

    @classmethod
    def of(cls, given, **defaults):
        """Return the options with the given ones ({name: value}; None keeps the default) in place.

        Args:
            given: the options that are set.
            defaults: defaults other than the ones for images.

        Raises:
            InputError: an unknown name, or a network that is none.
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

    def limits(self):
        """Return, as text, what decides whether content is accepted: when it changes, a refusal may no longer hold."""
        names = ("max_bytes", "max_redirects", "allow_private_addresses")
        return json.dumps({name: getattr(self, name) for name in names})
