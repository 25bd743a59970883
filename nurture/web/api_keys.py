"""The secrets that let other systems in, from a setting or the file that it names; compared in constant time."""

import hashlib
import hmac
from dataclasses import dataclass, field

from pydantic import SecretStr

from nurture.errors import InputError
from nurture.settings import entries

SHORTEST = 20


@dataclass(frozen=True)
class Doors:
    """Keys by the name of whoever holds them. No key, no entry."""

    digests: dict[str, bytes] = field(repr=False)

    def holder(self, key: str) -> str | None:
        """Whose key this is; looks at all of them, so that the time tells nothing."""
        given = _digest(key)
        found = [name for name, digest in self.digests.items() if hmac.compare_digest(digest, given)]
        return found[0] if found else None


def read_api_keys(setting: SecretStr | None) -> Doors:
    """The keys of ``/v1/events``.

    Raises:
        InputError: an entry is not NAME:KEY, its key is short, or two have one name; tells the place, not the key.
    """
    digests: dict[str, bytes] = {}
    for place, entry in enumerate(entries("NURTURE_API_KEYS", setting), 1):
        name, _, key = entry.partition(":")
        if not name or len(key) < SHORTEST or name in digests:
            raise InputError(
                f"NURTURE_API_KEYS, entry {place}: wants NAME:KEY, a name of its own and a key of {SHORTEST} "
                'characters or more: python -c "import secrets; print(secrets.token_urlsafe())" makes one.'
            )
        digests[name] = _digest(key)
    return Doors(digests)


def read_inbound_secret(setting: SecretStr | None) -> Doors:
    """The secrets (while one replaces another, both) in the address to which replies are posted.

    Raises:
        InputError: one is short.
    """
    found = entries("NURTURE_INBOUND_SECRET", setting)
    if any(len(secret) < SHORTEST for secret in found):
        raise InputError(f"NURTURE_INBOUND_SECRET: {SHORTEST} characters or more, or anybody could guess the address.")
    return Doors({str(place): _digest(secret) for place, secret in enumerate(found)})


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
