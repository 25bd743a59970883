"""Keyed hashes of addresses: how we remember whom never to write to after we have forgotten who they are.

The key is a secret file outside the database; the database stores only the key's fingerprint. With a
missing or another key no suppression would match, so everything that could send stops.
"""

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

from nurture.errors import InputError
from nurture.keys.key_file import create_key, read_key
from nurture.settings import Settings
from nurture.storage import meta
from nurture.storage.database import Database, Store


@dataclass(frozen=True)
class AddressKey:
    """The secret of this installation's address hashes."""

    secret: bytes

    @property
    def fingerprint(self) -> str:
        """Tells two keys apart without telling the key."""
        return hashlib.sha256(b"nurture address key" + self.secret).hexdigest()[:16]

    def hash(self, address: str) -> str:
        """HMAC-SHA256 of a normalised address, in hex."""
        return hmac.new(self.secret, address.encode(), hashlib.sha256).hexdigest()

    def __repr__(self) -> str:
        return f"AddressKey(fingerprint={self.fingerprint!r})"


def read_address_key(path: Path) -> AddressKey:
    """The key in this file.

    Raises:
        InputError: the file is missing, or what is in it is no key.
    """
    try:
        return AddressKey(read_key(path))
    except FileNotFoundError:
        raise InputError(
            f"{path}: the address key is missing. Restore it from your backup: without it no suppression can be "
            "recognised, so nothing is planned or sent."
        ) from None


def create_address_key(path: Path) -> AddressKey:
    """A fresh key in a new file; an existing file is never overwritten.

    Raises:
        FileExistsError: there is a key already.
    """
    return AddressKey(create_key(path))


def open_address_key(database: Database, settings: Settings) -> AddressKey:
    """The key of this database's address hashes, inside a transaction; the first time, found or made.

    Raises:
        InputError: the key file is missing, or holds another key than the one the stored hashes were made with.
    """
    path = settings.paths.address_key_file
    known = meta.get(database, "address_key")
    if not known:
        key = read_address_key(path) if path.exists() else create_address_key(path)
        meta.put(database, "address_key", key.fingerprint)
        return key
    key = read_address_key(path)
    if key.fingerprint != known:
        raise InputError(
            f"{path}: another address key ({key.fingerprint}) than the one this database was made with "
            f"({known}). Restore that key from your backup: without it no suppression can be recognised, so "
            "nothing is imported, planned or sent."
        )
    return key


def prove_address_key(store: Store, settings: Settings) -> None:
    """Open the database of an installation and make sure that its key is the one here.

    Raises:
        StoreBusy: another process holds the database.
        InputError: the key is missing, or another one.
    """
    with store.open() as database, database.transaction():
        open_address_key(database, settings)
