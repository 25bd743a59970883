"""What is stored: SQLModel tables, enums and value types.

Owns the names of the database. Imports only the standard library and sqlmodel, so that every other
layer may lean on it. The DDL itself lives in ``nurture/storage/migrations``; a test keeps the two equal.
The tables are imported when one is first asked for: a command that needs none does not wait for sqlmodel.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from models.consent import Consent, Suppression
    from models.inbound import Preference, Reply, Signal, SpoolFile, SpoolLineSeen, TopicOff
    from models.ledger import Absence, Batch, Decision, DecisionHistory, Message, MessageMove, Pause
    from models.live import ApprovedText, Awaiting, Clearance, Released, Silence
    from models.people import Account, Identity, Lead, Staff
    from models.progress import Enrolment, Interaction, StageEntry
    from models.run import Meta, Run

TABLES = ("consent", "inbound", "ledger", "live", "people", "progress", "run")
"""The modules that hold tables."""


def __getattr__(name: str) -> Any:
    if name in __all__:
        for module in TABLES:
            globals().update(
                {each: table for each, table in vars(import_module(f"models.{module}")).items() if each in __all__}
            )
        return globals()[name]
    raise AttributeError(f"module 'models' has no attribute {name!r}")


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
