"""What the name servers of the world say about a domain. Only reads; a name without a record has none."""

from dataclasses import dataclass

import dns.exception
import dns.rdatatype
import dns.resolver
from dns.rdata import Rdata

from nurture.errors import InputError, TransientError

PATIENCE = 6.0
"""Seconds for one question, all tries together."""


@dataclass(frozen=True)
class Exchanger:
    """A host that takes mail for a domain; lower ``preference`` first. An empty host says that none does (RFC 7505)."""

    preference: int
    host: str


class Names:
    """Asks one name server (``HOST`` or ``HOST:PORT``), or without one those of this machine.

    Raises:
        InputError: the server is not named by an IP address and a port.
        TransientError: this machine has no name servers.
    """

    def __init__(self, server: str = "") -> None:
        try:
            self._resolver = dns.resolver.Resolver(configure=not server)
            if server:
                host, _, port = server.partition(":")
                self._resolver.nameservers = [host]
                self._resolver.port = int(port or 53)
        except dns.resolver.NoResolverConfiguration as error:
            raise TransientError("This machine has no name servers. Name one in NURTURE_NAME_SERVER.") from error
        except ValueError as error:
            raise InputError(f"NURTURE_NAME_SERVER: {server!r} is no IPv4 address with a port.") from error

    def txt(self, name: str) -> tuple[str, ...]:
        """The texts at a name, each in one piece."""
        return tuple(b"".join(row.strings).decode(errors="replace") for row in self._ask(name, "TXT"))  # type: ignore[attr-defined]

    def mx(self, name: str) -> tuple[Exchanger, ...]:
        """Who takes mail for a domain, first choice first."""
        rows = [Exchanger(row.preference, _plain(row.exchange)) for row in self._ask(name, "MX")]  # type: ignore[attr-defined]
        return tuple(sorted(rows, key=lambda each: (each.preference, each.host)))

    def cname(self, name: str) -> str:
        """What a name stands for; empty when it stands for nothing else."""
        return next((_plain(row.target) for row in self._ask(name, "CNAME")), "")  # type: ignore[attr-defined]

    def _ask(self, name: str, kind: str) -> list[Rdata]:
        try:
            return list(self._resolver.resolve(name, kind, lifetime=PATIENCE))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise TransientError(f"No name server answers for {kind} of {name} ({type(error).__name__}).") from error


def _plain(name: object) -> str:
    return str(name).rstrip(".").lower()
