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


IN_FLIGHT = (MessageState.CLAIMED, MessageState.ATTEMPTING)
"""Held by a process that sends, or that died while it did."""


GOING = tuple(state for state in COUNTED if state is not MessageState.PLANNED)
"""What counts against a cap at the claim: sent, or on its way. What is only planned has its own claim before it."""


ON_ITS_WAY = (
    MessageState.PLANNED,
    MessageState.HELD,
    MessageState.CLAIMED,
    MessageState.ATTEMPTING,
    MessageState.WAITING,
)


UNSENT = (MessageState.PLANNED, MessageState.HELD)

MAY_HAVE_ARRIVED = (MessageState.ACCEPTED, MessageState.UNKNOWN, MessageState.ABANDONED)

ON_THEIR_WAY = (*UNSENT, MessageState.CLAIMED, MessageState.ATTEMPTING, MessageState.WAITING)
