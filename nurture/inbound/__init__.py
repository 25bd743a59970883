"""What comes back from outside, brought into the ledger: signals, withdrawals, wishes, replies, events.

``drain`` is what flows call. ``docs/spool.md`` says how lines come to be, ``docs/events.md`` what they mean.
"""

from nurture.inbound.draining import Drained, drain

__all__ = ["Drained", "drain"]
