"""Addresses that a provider will not write to, taken over as suppressions of ours."""

from dataclasses import dataclass
from datetime import datetime

from models import ConsentScope


@dataclass(frozen=True)
class Suppressed:
    """An address on a list: what for, of which scope, since when."""

    address: str
    reason: str
    scope: ConsentScope
    since: datetime
