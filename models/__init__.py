"""What is stored: SQLModel tables, enums and value types.

Owns the names of the database. Imports only the standard library and sqlmodel, so that every other
layer may lean on it. The DDL itself lives in ``nurture/migrations``; a test keeps the two equal.
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
    MessageState,
    Move,
    Reason,
    Step,
    Verdict,
)
from models.ledger import Decision, DecisionHistory, Message
from models.people import Account, Identity, Lead, Staff
from models.progress import Enrolment, Interaction, StageEntry
from models.run import Meta, Run

__all__ = [
    "Account",
    "BuyingRole",
    "Channel",
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
    "Message",
    "MessageState",
    "Meta",
    "Move",
    "Reason",
    "Run",
    "Staff",
    "StageEntry",
    "Step",
    "Suppression",
    "Verdict",
]
