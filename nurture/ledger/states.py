"""Sets of states, each with one name and one home: a new state is decided here."""

from models import MessageState

COUNTED = (
    MessageState.PLANNED,
    MessageState.CLAIMED,
    MessageState.ATTEMPTING,
    MessageState.WAITING,
    MessageState.ACCEPTED,
    MessageState.UNKNOWN,
)
"""The states in which a message counts against caps and quotas: it was sent, or may still be."""


PROVED_UNSENT = (MessageState.DECLINED, MessageState.EXPIRED, MessageState.REJECTED)
"""Ended, and surely not with the person: the next leg may take over."""


IN_FLIGHT = (MessageState.CLAIMED, MessageState.ATTEMPTING)
"""Held by a process that sends, or that died while it did."""


GOING = tuple(state for state in COUNTED if state is not MessageState.PLANNED)
"""What counts against a cap at the claim: sent, or on its way. What is only planned has its own claim before it."""

UNSENT = (MessageState.PLANNED, MessageState.HELD)
"""With us, and nobody has claimed it."""

ON_ITS_WAY = (*UNSENT, *IN_FLIGHT, MessageState.WAITING)
"""Not ended, and it may still go out."""

MAY_HAVE_ARRIVED = (MessageState.ACCEPTED, MessageState.UNKNOWN, MessageState.ABANDONED)
"""Who gets it again may get it twice."""

WRITTEN_TO = (*IN_FLIGHT, MessageState.ACCEPTED, MessageState.UNKNOWN)
"""The person has it, or may have it any moment: its links and its way to leave must work."""

BELIEVED_UNSENT = (*UNSENT, *IN_FLIGHT, MessageState.UNKNOWN)
"""What a restored ledger believes unsent, or does not know about."""
