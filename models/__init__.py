"""What is stored: SQLModel tables, enums and value types.

Owns the names of the database. Imports only the standard library and sqlmodel, so that every other
layer may lean on it. The DDL itself lives in ``nurture/storage/migrations``; a test keeps the two equal.
"""

from models.consent import Consent, Suppression
from models.enums import (
    BuyingRole,
    Channel,
    ConsentAction,
    ConsentScope,
    ExitReason,
    IdentityKind,
    Lifecycle,
    Meaning,
    MessageKind,
    MessageState,
    Move,
    Mover,
    PauseKind,
    Reason,
    SignalKind,
    Step,
    Verdict,
)
from models.inbound import Preference, Reply, Signal, SpoolFile, SpoolLineSeen, TopicOff
from models.ledger import Absence, Batch, Decision, DecisionHistory, Message, MessageMove, Pause
from models.live import ApprovedText, Awaiting, Clearance, Released, Silence
from models.people import Account, Identity, Lead, Staff
from models.progress import Enrolment, Interaction, StageEntry
from models.run import Meta, Run

__all__ = [
    "Absence",
    "Account",
    "ApprovedText",
    "Awaiting",
    "Batch",
    "BuyingRole",
    "Channel",
    "Clearance",
    "Consent",
    "ConsentAction",
    "ConsentScope",
    "Decision",
    "DecisionHistory",
    "Enrolment",
    "ExitReason",
    "Identity",
    "IdentityKind",
    "Interaction",
    "Lead",
    "Lifecycle",
    "Meaning",
    "Message",
    "MessageKind",
    "MessageMove",
    "MessageState",
    "Meta",
    "Move",
    "Mover",
    "Pause",
    "PauseKind",
    "Preference",
    "Reason",
    "Released",
    "Reply",
    "Run",
    "Signal",
    "SignalKind",
    "Silence",
    "SpoolFile",
    "SpoolLineSeen",
    "Staff",
    "StageEntry",
    "Step",
    "Suppression",
    "TopicOff",
    "Verdict",
]
