"""Whether a batch of events is SendGrid's: its signature over the raw bytes, and how old it is.

The signed message is the timestamp followed by the body, without a mark between them. A timestamp of digits only and a
body that begins with ``[`` leave one place where they can meet, so that no byte can change sides.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from nurture.errors import InputError

SECONDS = re.compile(r"[0-9]{9,12}")
LONGEST_SIGNATURE = 200
OLDEST = timedelta(hours=26)
"""SendGrid tries for 24 hours; whether it signs anew each time is not documented."""
YOUNGEST = timedelta(minutes=-10)


@dataclass(frozen=True)
class Signatures:
    """Verifies with any of several keys, so that a key can be replaced without losing an event."""

    keys: tuple[EllipticCurvePublicKey, ...]

    def hold(self, signature: str, timestamp: str, body: bytes, now: datetime) -> bool:
        """Whether one of our senders signed this body, and did so recently."""
        if not SECONDS.fullmatch(timestamp) or not body.startswith(b"["):
            return False
        if not YOUNGEST <= now - datetime.fromtimestamp(int(timestamp), UTC) <= OLDEST:
            return False
        signed = _strict_base64(signature)
        return signed is not None and any(_made(key, signed, timestamp.encode() + body) for key in self.keys)


def read_signatures(keys: Iterable[str]) -> Signatures:
    """The verifier of public keys as SendGrid shows them: base64 of a P-256 key.

    Raises:
        InputError: one is no such key; says which, by its place.
    """
    return Signatures(tuple(_public_key(place, text) for place, text in enumerate(keys, 1)))


def _public_key(place: int, text: str) -> EllipticCurvePublicKey:
    try:
        key = load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(f"NURTURE_SENDGRID_WEBHOOK_KEYS, key {place}: no public key in base64.") from error
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise InputError(f"NURTURE_SENDGRID_WEBHOOK_KEYS, key {place}: not on the curve P-256, which SendGrid uses.")
    return key


def _strict_base64(text: str) -> bytes | None:
    """What was encoded, if it is written in the one way in which it can be."""
    if len(text) > LONGEST_SIGNATURE:
        return None
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None


def _made(key: EllipticCurvePublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
