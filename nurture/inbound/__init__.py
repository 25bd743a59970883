"""What comes back from outside, brought into the ledger: signals, withdrawals, wishes, replies, events.

``drain.drain`` is what flows call. ``docs/spool.md`` says how lines come to be, ``docs/events.md`` what they mean.
"""
