"""The channels to a lead: what consent each needs, and where its address stands."""

from dataclasses import dataclass

from models import Channel, ConsentScope


@dataclass(frozen=True)
class Way:
    """A channel to a lead: what consent it needs, and which columns hold its address and the address's hash."""

    channel: Channel
    scope: ConsentScope
    address: str
    hash: str


WAYS = (
    Way(Channel.EMAIL, ConsentScope.EMAIL, "email", "email_hash"),
    Way(Channel.WECOM, ConsentScope.WECOM, "wecom_id", "wecom_hash"),
    Way(Channel.STAFF, ConsentScope.PHONE, "mobile", "mobile_hash"),
)
