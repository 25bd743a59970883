"""What a person sees of an explanation, in English or Chinese. Names that the company gave stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from cli.views.terminal import Part, as_json_line, gap, lines, say, table
from models import Channel, ConsentScope, Lifecycle, MessageKind, MessageState, Move, Reason, Verdict
from nurture.vocabulary import Language, Words, name_of

if TYPE_CHECKING:
    from nurture.reporting.explain import DepthPart, LeadStory, NotSent, TouchVerdict
    from nurture.reporting.outlook import ComingTouch, Condition, Conditions, Outlook

ADVANCES = {
    "one": Words("Goes on with:", "满足以下条件即前进："),
    "all": Words("Goes on with all of:", "满足以下全部条件即前进："),
    "any": Words("Goes on with any of:", "满足以下任一条件即前进："),
}
GOAL = {
    "one": Words("Goal:", "目标："),
    "all": Words("Goal, all of:", "目标（须全部满足）："),
    "any": Words("Goal, any of:", "目标（满足任一即可）："),
}
LARGEST = 5
YES, NOT_YET = Words("yes", "已满足"), Words("not yet", "未满足")
NIGHT, JOURNEY, TOUCH = Words("night", "日期"), Words("journey", "旅程"), Words("touch", "触达")
STAGE = Words("stage", "阶段")
VERDICT, REASON = Words("verdict", "结论"), Words("reason", "原因")


def lead_story(story: LeadStory, as_json: bool, language: Language = "en") -> None:
    """Everything that was decided about a lead, and what comes next."""
    if as_json:
        return as_json_line(story)
    _who(story, language)
    _reachable(story, language)
    _stages(story, language)
    _messages(story, language)
    _not_sent(story, language)
    gap()
    if story.outlook:
        _outlook(story.outlook, story.next_night, language)
    for reason in story.not_entered:
        say(Words(f"Not in {reason}", f"未进入 {reason}").said(language))
    return None


def _who(story: LeadStory, language: Language) -> None:
    account = Words(f" of {story.account or 'no account'}: ", f"（{_company_in_chinese(story.account)}）：")
    mark = Words(f", {story.mark}", f"，标记 {story.mark}").said(language) if story.mark else ""
    end = Words(".", "。").said(language)
    say((story.lead, "bold"), account.said(language), name_of(Lifecycle, story.lifecycle, language), mark, end)
    depth = Words("Interaction depth", "互动深度").said(language)
    say(f"{depth} {story.depth:.1f}{_sum(story.depth_parts, language)}")
    if story.account_depth is not None and story.account_depth != story.depth:
        depth = Words("Depth of the account", "企业互动深度").said(language)
        say(f"{depth} {story.account_depth:.1f}{_sum(story.account_depth_parts, language)}")


def _reachable(story: LeadStory, language: Language) -> None:
    """By which channels they may be reached, and what forbids the others."""
    said = [(name_of(ConsentScope, each.scope, language), each.reason) for each in story.channels]
    may = [name for name, reason in said if not reason]
    why = [(name, name_of(Reason, reason, language)) for name, reason in said if reason]
    if may:
        say(Words(f"May be reached by {', '.join(may)}.", f"可以联系的渠道：{'、'.join(may)}。").said(language))
    if why:
        en, zh = "; ".join(f"{name}: {but}" for name, but in why), "；".join(f"{name}：{but}" for name, but in why)
        say(Words(f"Not by {en}.", f"不能联系：{zh}。").said(language))


def _company_in_chinese(account: str | None) -> str:
    return f"企业 {account}" if account else "无所属企业"


def _sum(parts: Sequence[DepthPart], language: Language) -> str:
    """The largest parts, and the rest in one; the terms add up."""
    terms = [f"{p.kind} {p.points:.1f}" + (f" ({p.times}×)" if p.times > 1 else "") for p in parts[:LARGEST]]
    if rest := sum(part.points for part in parts[LARGEST:]):
        terms.append(f"{Words('everything else', '其余').said(language)} {rest:.1f}")
    return " = " + " + ".join(terms) if terms else ""


def _stages(story: LeadStory, language: Language) -> None:
    heads = (NIGHT, JOURNEY, Words("move", "变化"), STAGE, Words("because", "原因"))
    rows = [
        [h.night, h.journey, name_of(Move, h.move, language), h.to_stage or h.from_stage, h.why] for h in story.history
    ]
    _table(Words("Stages", "走过的阶段"), heads, rows, language)


def _messages(story: LeadStory, language: Language) -> None:
    not_before = Words("not before (UTC)", "最早发送时间（UTC）")
    rows = [
        [
            m.night,
            m.journey,
            name_of(MessageKind, m.touch, language),
            name_of(Channel, m.channel, language),
            name_of(MessageState, m.state, language),
            f"{m.not_before:%Y-%m-%d %H:%M}",
            m.why,
            m.id[:8],
        ]
        for m in story.messages
    ]
    heads = (
        NIGHT,
        JOURNEY,
        TOUCH,
        Words("by", "渠道"),
        Words("state", "状态"),
        not_before,
        REASON,
        Words("id", "编号"),
    )
    _table(Words("Messages", "消息"), heads, rows, language)


def _not_sent(story: LeadStory, language: Language) -> None:
    rows = [
        [
            n.journey,
            name_of(MessageKind, n.touch, language),
            name_of(Verdict, n.verdict, language),
            name_of(Reason, n.reason, language),
            _nights(n, language),
        ]
        for n in story.not_sent
    ]
    heads = (JOURNEY, TOUCH, VERDICT, REASON, Words("nights", "日期"))
    _table(Words("Not sent, and why", "未发送的触达及原因"), heads, rows, language)


def _nights(held: NotSent, language: Language) -> str:
    first, last = held.first_night, held.last_night
    span = Words(f"{first} to {last} ({held.nights})", f"{first} 至 {last}（{held.nights} 晚）").said(language)
    return str(first) if first == last else span


def _outlook(outlook: Outlook, night: date, language: Language) -> None:
    place = f"{outlook.journey}/{outlook.stage}"
    here = Words(
        f" (as of night {night}): in {place} since {outlook.since}.",
        f"（以 {night} 当晚为准）：自 {outlook.since} 起处于 {place}。",
    )
    say((Words("Next", "接下来").said(language), "bold"), here.said(language))
    say(Words(f"The lead asks: {outlook.asks}", f"线索在问：{outlook.asks}").said(language), indent=2)
    for titles, conditions in ((ADVANCES, outlook.advances_if), (GOAL, outlook.goal)):
        if conditions:
            _conditions(titles, conditions, language)
    _end(outlook, language)
    heads = (TOUCH, Words("by", "渠道"), Words("due", "计划日期"), Words("only if", "前提条件"))
    rows = [_coming(touch, night, language) for touch in outlook.coming]
    _table(Words("Coming", "即将到来的触达"), heads, rows, language)


def _conditions(titles: dict[str, Words], conditions: Conditions, language: Language) -> None:
    say(titles[conditions.needed if len(conditions.parts) > 1 else "one"].said(language), indent=2)
    lines([_condition(condition, language) for condition in conditions.parts], indent=4)


def _condition(condition: Condition, language: Language) -> tuple[Part, Part]:
    answer = (YES.said(language), "green") if condition.holds else (NOT_YET.said(language), "dim")
    if not condition.needed or condition.needed == 1:
        return answer, condition.words
    so_far = Words(f" ({condition.count} of {condition.needed})", f"（{condition.count}/{condition.needed}）")
    return answer, condition.words + so_far.said(language)


def _end(outlook: Outlook, language: Language) -> None:
    day = outlook.falls_back_on
    ends = {
        "falls back": Words(
            f"Unless it moves on, it falls back a stage on {day}.", f"若没有进展，将于 {day} 退回上一阶段。"
        ),
        "leaves": Words(
            f"Unless it moves on, it leaves the journey as dormant on {day}.",
            f"若没有进展，将于 {day} 因沉寂离开旅程。",
        ),
    }
    if outlook.then:
        say(ends[outlook.then].said(language), indent=2)


def _coming(touch: ComingTouch, night: date, language: Language) -> list[str]:
    channels = [name_of(Channel, channel, language) for channel in touch.channels]
    since = Words(f"since {touch.due}", f"{touch.due} 起").said(language)
    due = str(touch.due) if touch.due >= night else since
    return [touch.touch, Words(" or ", "或").said(language).join(channels), due, _premise(touch.condition, language)]


def _premise(condition: Condition | None, language: Language) -> str:
    if condition is None:
        return ""
    now = Words(" (now: yes)", "（目前成立）") if condition.holds else Words(" (now: no)", "（目前不成立）")
    return condition.words + now.said(language)


def touch_verdicts(verdicts: Sequence[TouchVerdict], as_json: bool, language: Language = "en") -> None:
    """How a night decided about a touch."""
    if as_json:
        return as_json_line(verdicts)
    rows = [
        [
            v.journey,
            v.stage,
            name_of(Verdict, v.verdict, language),
            name_of(Reason, v.reason, language),
            v.leads,
            ", ".join(v.examples[:3]),
        ]
        for v in verdicts
    ]
    leads, examples = Words("leads", "线索数"), Words("for example", "例如")
    _table(Words("Decided", "决定"), (JOURNEY, STAGE, VERDICT, REASON, leads, examples), rows, language)
    return None


def _table(title: Words, heads: Sequence[Words], rows: Sequence[Sequence[object]], language: Language) -> None:
    table(title.said(language), [head.said(language) for head in heads], rows)
