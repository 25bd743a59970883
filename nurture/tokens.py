"""Signed web addresses: whoever holds one may do one thing (leave, follow a link), and nobody can make one up.

A key in ``web.key`` beside the database, made the first time; a salt a purpose. No address holds a name or a mailbox: a
message id, and where a link leads. Unsubscribe addresses never expire.

Plain signers, because a serializer tries to compress each token, which takes longer than all of the rendering.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from itsdangerous import Signer
from itsdangerous.encoding import base64_encode

from nurture.errors import InputError
from nurture.keyfile import key_of
from nurture.literals import literal
from nurture.settings import Settings
from nurture.store import Database


@dataclass(frozen=True)
class Tokens:
    """Signs for one installation; ``public_url`` is where its pages are reached."""

    secret: bytes
    public_url: str

    def unsubscribe_url(self, message_id: str) -> str:
        """Where the reader of a message leaves."""
        return f"{self.public_url}/u/{self._leave.sign(message_id).decode()}"

    def link_url(self, message_id: str, target: str) -> str:
        """A link of a message to a target, so that following it can be told."""
        encoded = base64_encode(target).decode()
        return f"{self.public_url}/l/{self._follow.sign(f'{message_id}.{encoded}').decode()}"

    @cached_property
    def _leave(self) -> Signer:
        return self._signer("unsubscribe.v1")

    @cached_property
    def _follow(self) -> Signer:
        return self._signer("link.v1")

    def _signer(self, salt: str) -> Signer:
        return Signer(self.secret, salt=salt, key_derivation="hmac", digest_method=hashlib.sha256)

    @property
    def fingerprint(self) -> str:
        """Tells two keys apart without telling the key."""
        return hashlib.sha256(b"nurture web key" + self.secret).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"Tokens(public_url={self.public_url!r})"


def open_tokens(database: Database, settings: Settings) -> Tokens:
    """The tokens of this database's installation; the key is made the first time, and never again.

    Raises:
        InputError: the key file is missing, or another one: addresses in mails that went out would stop working.
    """
    path, known = settings.web_key_file, database.rows("SELECT value FROM meta WHERE name = 'web_key'")
    if known and not path.exists():
        raise InputError(f"{path}: the key of web addresses is missing. Restore it from your backup.")
    tokens = Tokens(key_of(path), settings.public_url)
    if not known:
        database.run(f"INSERT INTO meta VALUES ('web_key', {literal(tokens.fingerprint)})")
    elif known[0][0] != tokens.fingerprint:
        raise InputError(
            f"{path}: another key than the one with which this installation signed until now. Restore that one from "
            "your backup: nobody could leave by the addresses in mails that went out."
        )
    return tokens
