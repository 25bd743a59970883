"""Signed web addresses: whoever holds one may do one thing (leave, follow a link), and nobody can make one up.

Keys in ``web.key`` beside the database, made the first time, one a line: the last one signs, all of them verify, so a
new key does not break what went out. A salt a purpose: no token opens another door. No address holds a name or a
mailbox: a message id, and where a link leads. Only confirmations expire.

Plain signers, because a serializer tries to compress each token, which takes longer than all of the rendering.
"""

import hashlib
import hmac
from base64 import b32decode, b32encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from uuid import UUID

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from models import ConsentScope
from nurture.errors import InputError
from nurture.keys.key_file import keys_of
from nurture.settings import Settings
from nurture.storage import meta
from nurture.storage.database import Database

LONGEST = 4096
"""Characters of the longest token that is looked at."""

CONFIRM_WITHIN = timedelta(days=7)
MAC_BYTES = 16


@dataclass(frozen=True)
class Followed:
    """A link that somebody follows: of which message, and where it leads."""

    message_id: str
    target: str


@dataclass(frozen=True)
class Confirming:
    """Somebody proves that a mailbox is theirs and that they want to hear from us."""

    lead_id: str
    scope: ConsentScope
    asked_at: datetime


@dataclass(frozen=True)
class Tokens:
    """Signs and verifies for one installation; ``public_url`` is where its pages are reached.

    What verifies gives ``None`` for every token that is not ours, whatever is wrong with it. Ids are 32 hex digits.
    """

    secret: bytes
    public_url: str
    retired: tuple[bytes, ...] = ()

    def unsubscribe_url(self, message_id: str) -> str:
        """Where the reader of a message leaves."""
        return f"{self.public_url}/u/{self._leave.sign(message_id).decode()}"

    def link_url(self, message_id: str, target: str) -> str:
        """A link of a message to a target, so that following it can be told."""
        encoded = base64_encode(target).decode()
        return f"{self.public_url}/l/{self._follow.sign(f'{message_id}.{encoded}').decode()}"

    def trap_url(self, message_id: str) -> str:
        """A link that no person sees: who follows it is a machine."""
        return self.link_url(message_id, self.trap_target)

    @property
    def trap_target(self) -> str:
        """Where the link leads that no person sees."""
        return f"{self.public_url}/"

    def preferences_url(self, message_id: str) -> str:
        """Where the reader of a message says what they want to hear."""
        return f"{self.public_url}/p/{self._prefer.sign(message_id).decode()}"

    def confirm_url(self, lead_id: str, scope: ConsentScope, asked_at: datetime) -> str:
        """Where a lead confirms their consent, for seven days from ``asked_at``."""
        value = f"{lead_id}.{scope.value}.{int(asked_at.timestamp())}"
        return f"{self.public_url}/confirm/{self._confirm.sign(value).decode()}"

    def reply_name(self, message_id: str) -> str:
        """The part before the @ of the address that replies to a message come to; at most 64 characters.

        Lower case throughout: mail systems change the case of what stands there.
        """
        return f"r+{_base32(UUID(message_id).bytes)}{_base32(self._reply_mac(self.secret, message_id))}"

    def leaver(self, token: str) -> str | None:
        """The message whose reader leaves (/u/)."""
        return _message_id(_opened(self._leave, token))

    def followed(self, token: str) -> Followed | None:
        """The link that is followed (/l/)."""
        message_id, _, encoded = (_opened(self._follow, token) or "").partition(".")
        try:
            target = base64_decode(encoded).decode()
        except (BadData, UnicodeDecodeError):
            return None
        return Followed(message_id, target) if _message_id(message_id) and target else None

    def preferring(self, token: str) -> str | None:
        """The message whose reader says what they want to hear (/p/)."""
        return _message_id(_opened(self._prefer, token))

    def confirming(self, token: str, now: datetime) -> Confirming | None:
        """Who confirms what (/confirm/), unless they were asked more than seven days ago."""
        parts = (_opened(self._confirm, token) or "").split(".")
        if len(parts) != 3 or not _message_id(parts[0]):
            return None
        asked_at = datetime.fromtimestamp(int(parts[2]), UTC)
        return Confirming(parts[0], ConsentScope(parts[1]), asked_at) if now - asked_at <= CONFIRM_WITHIN else None

    def replied(self, name: str) -> str | None:
        """The message that is replied to, by the part before the @ of the address that the reply came to."""
        try:
            given = _from_base32(name.lower().removeprefix("r+"))
        except ValueError:
            return None
        if not name.lower().startswith("r+") or len(given) != 16 + MAC_BYTES:
            return None
        message_id = UUID(bytes=given[:16]).hex
        keys = (self.secret, *self.retired)
        ours = [hmac.compare_digest(self._reply_mac(key, message_id), given[16:]) for key in keys]
        return message_id if any(ours) else None

    @cached_property
    def _leave(self) -> Signer:
        return self._signer("unsubscribe.v1")

    @cached_property
    def _follow(self) -> Signer:
        return self._signer("link.v1")

    @cached_property
    def _prefer(self) -> Signer:
        return self._signer("preferences.v1")

    @cached_property
    def _confirm(self) -> Signer:
        return self._signer("confirm.v1")

    @cached_property
    def _reply(self) -> Signer:
        return self._signer("reply.v1")

    @cached_property
    def _reply_keys(self) -> dict[bytes, bytes]:
        return {key: self._reply.derive_key(key) for key in (self.secret, *self.retired)}

    def _signer(self, salt: str) -> Signer:
        keys = [*self.retired, self.secret]
        return Signer(keys, salt=salt, key_derivation="hmac", digest_method=hashlib.sha256)

    def _reply_mac(self, key: bytes, message_id: str) -> bytes:
        return hmac.digest(self._reply_keys[key], message_id.encode(), "sha256")[:MAC_BYTES]

    @property
    def fingerprint(self) -> str:
        """Tells two keys apart without telling the key."""
        return _fingerprint(self.secret)

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Those of all keys that still verify."""
        return tuple(_fingerprint(key) for key in (*self.retired, self.secret))

    def __repr__(self) -> str:
        return f"Tokens(public_url={self.public_url!r})"


def tokens_of(settings: Settings) -> Tokens:
    """The tokens of an installation, without a look at its database; the key is made the first time.

    Raises:
        InputError: what is in the key file is no key.
    """
    *retired, secret = keys_of(settings.paths.web_key_file)
    return Tokens(secret, settings.public_url, tuple(retired))


def open_tokens(database: Database, settings: Settings) -> Tokens:
    """The tokens of this database's installation; the key is made the first time, and then only added to.

    Raises:
        InputError: the key file is missing, or holds only others: addresses in mails that went out would stop working.
    """
    path, known = settings.paths.web_key_file, meta.get(database, "web_key")
    if known and not path.exists():
        raise InputError(f"{path}: the key of web addresses is missing. Restore it from your backup.")
    tokens = tokens_of(settings)
    if known and known not in tokens.fingerprints:
        raise InputError(
            f"{path}: another key than the one with which this installation signed until now. Restore that one from "
            "your backup: nobody could leave by the addresses in mails that went out. A new key goes below it."
        )
    if known != tokens.fingerprint:
        meta.put(database, "web_key", tokens.fingerprint)
    return tokens


def _fingerprint(key: bytes) -> str:
    return hashlib.sha256(b"nurture web key" + key).hexdigest()[:16]


def _opened(signer: Signer, token: str) -> str | None:
    """What was signed, if it was, and is written as we write it."""
    try:
        if len(token) > LONGEST:
            return None
        signature = token.rpartition(".")[2]
        if base64_encode(base64_decode(signature)).decode() != signature:
            return None  # the last character has bits to spare: the same signature, written differently
        return signer.unsign(token).decode()
    except (BadData, UnicodeError):
        return None


def _message_id(text: str | None) -> str | None:
    try:
        return text if text and UUID(text).hex == text else None
    except ValueError:
        return None


def _base32(raw: bytes) -> str:
    return b32encode(raw).decode().rstrip("=").lower()


def _from_base32(text: str) -> bytes:
    """Both parts of a reply name, each of 16 bytes.

    Raises:
        ValueError: it is not written as we write it.
    """
    raw = b"".join(b32decode(part.upper() + "======") for part in (text[:26], text[26:]))
    if "".join(_base32(raw[start : start + 16]) for start in (0, 16)) != text:
        raise ValueError("not written as we write it")
    return raw
