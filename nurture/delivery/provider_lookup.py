"""Witnesses: who may know what became of a message when nobody remembers who carried it.

After a restore the ledger does not know by whom a message went, if it did. Then everybody who carries messages of its
kind is asked: one yes is a proof, and only all of their noes together are one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from models import Channel as ChannelKind
from nurture.channels import Fate, Outcome, Question
from nurture.channels.registry import Outlet


class Witness(Protocol):
    """Somebody who can be asked; ``evidence`` as a channel gives it."""

    def evidence(self, questions: Sequence[Question]) -> Mapping[str, Outcome]:
        """What can be proved of messages in doubt."""


@dataclass(frozen=True)
class Together:
    """Several witnesses as one."""

    witnesses: tuple[Witness, ...]

    def evidence(self, questions: Sequence[Question]) -> Mapping[str, Outcome]:
        """A yes of one, or the noes of all; silence of any leaves a message in doubt.

        Raises:
            TransientError: one of them cannot be asked now.
        """
        told = [witness.evidence(questions) for witness in self.witnesses]
        answers = {each.id: [said[each.id] for said in told if each.id in said] for each in questions}
        return {name: proof for name, said in answers.items() if (proof := self._proof(said))}

    def _proof(self, said: Sequence[Outcome]) -> Outcome | None:
        if accepted := [each for each in said if each.fate is Fate.ACCEPTED]:
            return accepted[0]
        absent = len(said) == len(self.witnesses) and all(each.fate is Fate.NOT_SENT for each in said)
        silent = [each for each in said if each.fate is Fate.UNKNOWN]
        return said[0] if absent else next(iter(silent), None)


def witnesses(outlets: Iterable[Outlet]) -> dict[ChannelKind, Witness]:
    """Everybody who carries messages of each kind."""
    found: dict[ChannelKind, dict[Witness, None]] = {}
    for outlet in outlets:
        found.setdefault(outlet.lane.kind, {})[outlet.channel] = None
    return {kind: next(iter(each)) if len(each) == 1 else Together(tuple(each)) for kind, each in found.items()}
