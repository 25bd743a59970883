"""What a person sees at the end of the demo."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from cli.demo import FIRST, LAST, Demo
from cli.views.terminal import as_json_line, gap, say, say_whole, table
from models import Channel, Reason, Verdict
from nurture.vocabulary import name_of

if TYPE_CHECKING:
    from nurture.reporting.period import Month

SHOWN = 10


def demo(found: Demo, month: Month, as_json: bool) -> None:
    """The month in three tables, and what to open next."""
    if as_json:
        return as_json_line({"home": found.home, "gallery": found.gallery, "seconds": found.seconds} | asdict(month))
    gap()
    bad = f" {found.refused} rows of the sample are bad on purpose and were left out."
    say((f"{FIRST} to {LAST}: thirty nights of 2,000 leads.", "bold"), bad)
    headings = ["journey", "enrolled", "advanced", "fell back", "left", "reached the goal", "messages sent"]
    table("Who moved 谁往前走了", headings, [list(vars(line).values()) for line in month.journeys])
    sent = [[name_of(Channel, channel, "en"), name_of(Channel, channel, "zh"), count] for channel, count in month.sent]
    table("What went out 发出了什么", ["channel", "渠道", "messages"], sent)
    held = [
        [name_of(Verdict, h.verdict, "en"), name_of(Reason, h.reason, "en"), name_of(Reason, h.reason, "zh"), h.times]
        for h in month.held_back[:SHOWN]
    ]
    table("What was held back, and why 没有发的，为什么", ["verdict", "reason", "原因", "times"], held)
    table("Seconds 用时（秒）", ["part", "seconds"], [[part, took] for part, took in found.seconds.items()])
    gap()
    say(("Next 接下来：", "bold"))
    say_whole(f"  1. Open the outbox of the last night in a browser: {found.gallery}")
    say_whole(f"  2. Ask why somebody got what they got:  NURTURE_HOME={found.home} .venv/bin/nurture explain L9006")
    say_whole(f"  3. See that night in the Prefect UI:     NURTURE_HOME={found.home} .venv/bin/nurture up")
    return None
