"""What a person sees before and while mail goes to people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cli.views.terminal import as_json_line, gap, say, say_whole, table
from nurture.doctor import Examined, Verdict

if TYPE_CHECKING:
    from nurture.delivery.send_test import Tried
    from nurture.safeguards.approval import WaitingNight

WHY = {
    "new": "new: nobody approved it yet",
    "changed": "changed since it was approved",
    "volume": "the night is large",
}


def waiting(found: Sequence[WaitingNight], pages: Sequence[Path], as_json: bool) -> None:
    """What waits, compared to the night before, with samples to read."""
    if as_json:
        return as_json_line([vars(night) | {"samples": page} for night, page in zip(found, pages, strict=True)])
    if not found:
        say("Nothing waits for an approval.")
    for night, page in zip(found, pages, strict=True):
        rows = [
            [
                t.journey,
                t.touch,
                t.channel,
                t.messages,
                f"{t.messages - t.night_before:+,}",
                WHY.get(t.why, t.why),
            ]
            for t in night.touches
        ]
        title = f"Night {night.night}: {night.messages:,} messages wait"
        table(title, ["journey", "touch", "by", "messages", "to the night before", "because"], rows)
        say_whole(f"Samples of each: {page}")
        say_whole(f"To let them go: nurture approve {night.night}")
    return None


def approved(night: date, messages: int, as_json: bool) -> None:
    """What was let go."""
    if as_json:
        return as_json_line({"night": night, "approved": messages})
    say(f"Approved: {messages:,} messages of night {night} go out in their windows.")
    return None


def tested(result: Tried, as_json: bool) -> None:
    """What became of a test."""
    if as_json:
        return as_json_line(result)
    if result.accepted:
        say((f"{result.provider} accepted it", "green"), f": {result.subject}")
    else:
        say((f"{result.provider}: {result.fate}", "red"), f" ({result.why})" if result.why else "")
    return None


def switched(told: str, as_json: bool) -> None:
    """Whether sending is stopped."""
    if as_json:
        return as_json_line({"note": told})
    say(told)
    return None


MARKS = {
    Verdict.GOOD: ("good", "green"),
    Verdict.WARNING: ("warning", "yellow"),
    Verdict.BAD: ("bad", "bold red"),
    Verdict.UNKNOWN: ("unknown", "magenta"),
}


def examined(found: Sequence[Examined], as_json: bool) -> None:
    """Each finding, what is good in a line, the others with what to do."""
    if as_json:
        return as_json_line(found)
    width = max(len(words) for words, _ in MARKS.values())
    for each in found:
        words, style = MARKS[each.verdict]
        say_whole((words.ljust(width), style), f"  {each.subject}: {each.found}")
        if each.do:
            say_whole(" " * width, f"  -> {each.do}")
    count = {verdict: sum(each.verdict is verdict for each in found) for verdict in MARKS}
    gap()
    say(", ".join(f"{number} {MARKS[verdict][0]}" for verdict, number in count.items() if number) + ".")
    return None
