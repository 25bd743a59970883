"""The envelope: one frozen message as a channel gets it, and the fingerprint that proves it is still the same."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa


class Envelope(NamedTuple):
    """What was rendered for one message. All text; empty where a channel has no such thing.

    A tuple, not a dataclass: a night makes, freezes and reads back a hundred thousand of them.

    ``lead`` is the lead's external id. ``to`` is where it goes: an email address, a WeCom external_userid, an
    employee's WeCom userid. ``attachments`` are lines of SHA-256 and file name.
    """

    id: str
    journey: str
    stage: str
    touch: str
    channel: str
    variant: str
    language: str
    night: str
    lead: str
    to: str
    to_name: str
    sender: str
    sender_address: str
    subject: str
    preheader: str
    html: str
    text: str
    unsubscribe_url: str
    attachments: str

    def digest(self) -> str:
        """SHA-256 over every field and its length, in hex."""
        lengths = ",".join([str(len(value)) for value in self])
        return hashlib.sha256("\x1f".join((lengths, *self)).encode()).hexdigest()

    def attached(self) -> list[tuple[str, str]]:
        """The SHA-256 and the file name of each attachment."""
        pairs = (line.partition(" ") for line in self.attachments.splitlines())
        return [(digest, name) for digest, _, name in pairs]


def as_table(envelopes: Sequence[Envelope]) -> pa.Table:
    """Envelopes as columns, with the digest of each as ``hash``."""
    columns = list(zip(*envelopes, strict=True)) or [()] * len(Envelope._fields)
    named = {name: pa.array(column, pa.string()) for name, column in zip(Envelope._fields, columns, strict=True)}
    return pa.table(named | {"hash": pa.array([each.digest() for each in envelopes], pa.string())})


def from_table(table: pa.Table) -> list[Envelope]:
    """Envelopes from their columns."""
    return list(map(Envelope._make, zip(*(table[name].to_pylist() for name in Envelope._fields), strict=True)))
