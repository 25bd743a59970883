"""SendGrid's event webhook: posts what became of mails, signed over the raw bytes, to whoever was told to it."""

import base64
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.servers.sendgrid import Accepted

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
PROVIDER = ec.derive_private_key(20261125, ec.SECP256R1())


def public_key(key: ec.EllipticCurvePrivateKey = PROVIDER) -> str:
    """As SendGrid shows it: base64 of DER."""
    raw = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(raw).decode()


def signed(body: bytes, now: datetime, key: ec.EllipticCurvePrivateKey = PROVIDER) -> dict[str, str]:
    """The headers with which a body is posted."""
    timestamp = str(int(now.timestamp()))
    signature = key.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
    return {SIGNATURE: base64.b64encode(signature).decode(), TIMESTAMP: timestamp}


def batch(*events: dict[str, Any]) -> bytes:
    """The body of a post, written as SendGrid writes it."""
    return ("[" + ",\r\n".join(json.dumps(each, separators=(",", ":")) for each in events) + "]\r\n").encode()


def event(accepted: Accepted, kind: str, **more: Any) -> dict[str, Any]:
    """What became of a mail that was accepted; its custom arguments stand among the fields, as SendGrid has it."""
    return {
        "email": accepted.to, "timestamp": int(time.time()), "event": kind, "sg_event_id": f"{kind}-{accepted.name}",
        "sg_message_id": f"{accepted.name}.recvd-0", "smtp-id": f"<{accepted.name}@geopod>",
        "category": accepted.mail.get("categories", []),
    } | accepted.mail.get("custom_args", {}) | more  # fmt: skip


@dataclass(frozen=True)
class Webhook:
    """Posts to one address, as often as it is asked to."""

    url: str
    key: ec.EllipticCurvePrivateKey = PROVIDER

    def post(self, *events: dict[str, Any]) -> int:
        """One batch; the status of the answer."""
        body = batch(*events)
        headers = signed(body, datetime.now(UTC), self.key) | {"Content-Type": "application/json;charset=utf-8"}
        return httpx.post(self.url, content=body, headers=headers, trust_env=False).status_code
