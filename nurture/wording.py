"""How rules are said, in English and Chinese, and the names that people read instead of stored words."""

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Literal

from models import BuyingRole, Channel, ExitReason, Lifecycle, MessageState, Move, Reason, Verdict

Language = Literal["en", "zh"]
JOINT = {"and": {"en": " and ", "zh": "，并且"}, "or": {"en": " or ", "zh": "，或者"}}
NEVER = "never"
"""The joint of an English ``never …``, which would reach over any other joint: joined, it stands in parentheses."""


@dataclass(frozen=True)
class Words:
    """The same thing, said in both languages."""

    en: str
    zh: str

    def said(self, language: str) -> str:
        """In one of them."""
        return self.zh if language == "zh" else self.en

    def of_a_colleague(self) -> "Words":
        """Somebody else of the same account did it."""
        return Words(f"a colleague at the same account: {self.en}", f"同一企业的同事：{self.zh}")


@dataclass(frozen=True)
class Sentence:
    """Words; the joint that holds them together (so that mixed joints get parentheses); and how to deny them.

    Without a ``denial`` the opposite is ``not (…)``.
    """

    text: str
    joint: str = ""
    denial: "Sentence | None" = None


def joined(parts: list[Sentence], joint: str, language: Language) -> Sentence:
    """``a and b``; parts that are joined otherwise stand in parentheses. One part stays as it is."""
    if len(parts) == 1:
        return parts[0]
    texts = [in_brackets(part, language) if part.joint not in ("", joint) else part.text for part in parts]
    return Sentence(JOINT[joint][language].join(texts), joint)


def negated(part: Sentence, language: Language) -> Sentence:
    """``never a``, ``a is not b``, or else ``not (a)``."""
    if part.denial:
        return replace(part.denial, denial=part)
    return Sentence(("not " if language == "en" else "并非") + in_brackets(part, language), denial=part)


def in_brackets(part: Sentence, language: Language) -> str:
    """``(a)``, in the language's own brackets."""
    return f"({part.text})" if language == "en" else f"（{part.text}）"


def side_by_side(language: Language, *words: str) -> str:
    """English words with spaces; Chinese without, but for one between Chinese and a digit or a Latin letter."""
    present = [word for word in words if word]
    if language == "en":
        return " ".join(present)
    return "".join(present[:1]) + "".join(
        f" {after}" if _scripts_meet(before[-1], after[0]) else after for before, after in pairwise(present)
    )


def _scripts_meet(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum() and left.isascii() != right.isascii()


COMPARED = {
    "=": Words("is", "是"),
    "!=": Words("is not", "不是"),
    "<": Words("is less than", "低于"),
    "<=": Words("is at most", "不超过"),
    ">": Words("is more than", "超过"),
    ">=": Words("is at least", "不低于"),
}
COMPARED_DATES = {**COMPARED, "<": Words("is before", "早于"), ">=": Words("is not before", "不早于")}
COMPARED_NUMBERS = {**COMPARED, "=": Words("is", "等于"), "!=": Words("is not", "不等于")}
MISSING = {"=": Words("is missing", "为空"), "!=": Words("is not missing", "不为空")}
OPPOSITE = {"=": "!=", "!=": "="}
ONE_OF = Words("is one of", "是")


def compared(label: str, comparison: str, value: str | None, verbs: dict[str, Words], language: Language) -> Sentence:
    """``the lead's role is user``; no value means: missing. Only ``=`` and ``!=`` are each other's denial."""

    def said(sign: str) -> str:
        verb = (MISSING if value is None else verbs)[sign].said(language)
        return side_by_side(language, label, verb, value or "")

    opposite = OPPOSITE.get(comparison)
    return Sentence(said(comparison), denial=Sentence(said(opposite)) if opposite else None)


def one_of(label: str, values: list[str], verbs: dict[str, Words], language: Language) -> Sentence:
    """``the lead's role is one of user, technical or finance``."""
    if len(values) == 1:
        return Sentence(side_by_side(language, label, verbs["="].said(language), values[0]))
    comma, last = (", ", "or") if language == "en" else ("、", "或")
    listed = side_by_side(language, comma.join(values[:-1]), last, values[-1])
    return Sentence(side_by_side(language, label, ONE_OF.said(language), listed))


SINCE = {
    "journey": Words("during the journey", "旅程期间"),
    "stage": Words("in this stage", "本阶段内"),
    "ever": Words("", ""),
}
LAST_DAYS_OF = {
    "journey": Words("of the journey", "旅程中"),
    "stage": Words("of this stage", "本阶段中"),
    "ever": Words("", ""),
}


def did_sentence(
    name: str | None, times: int, within: int | None, since: str, about: str | None, language: Language
) -> Sentence:
    """``attended a webinar at least 2 times in the last 30 days``; no name means: spoke to us."""
    when = _period(within, since, language)
    said = _did_in_chinese if language == "zh" else _did_in_english
    denial = said(name, times, about, when, denied=True)
    reaches = NEVER if language == "en" and times == 1 else ""
    return Sentence(said(name, times, about, when, denied=False), denial=Sentence(denial, reaches))


def _did_in_english(name: str | None, times: int, about: str | None, when: str, *, denied: bool) -> str:
    often = f"{'fewer than' if denied else 'at least'} {times} times" if times > 1 else ""
    never = "never" if denied and times == 1 else ""
    return side_by_side("en", never, name or "spoke to us", f"about {about}" if about else "", often, when)


def _did_in_chinese(name: str | None, times: int, about: str | None, when: str, *, denied: bool) -> str:
    often = f"{'不足' if denied else '至少'} {times} 次" if times > 1 else ""
    never = ("未" if when else "从未") if denied and times == 1 else ""
    what = side_by_side("zh", never, name or "与我们交流")
    return side_by_side("zh", when, what, f"（关于 {about}）" if about else "", often)


def _period(within: int | None, since: str, language: Language) -> str:
    if within is None:
        return SINCE[since].said(language)
    of = LAST_DAYS_OF[since].said(language)
    if language == "zh":
        return f"{of}最近 {within} 天内"
    return side_by_side("en", f"in the last {within} days", of)


CONSENT = {
    "email": Words("email", "接收邮件"),
    "wecom": Words("WeCom", "通过企业微信联系"),
    "phone": Words("phone calls", "接听电话"),
}


def consented_sentence(scope: str, language: Language) -> Sentence:
    """``consented to email``."""
    what = CONSENT[scope].said(language)
    did, never = (
        (f"consented to {what}", f"no consent to {what}") if language == "en" else (f"同意{what}", f"未同意{what}")
    )
    return Sentence(did, denial=Sentence(never))


EXIT_WORDS: dict[str, Words] = {
    ExitReason.GOAL: Words("reached the goal", "达成目标"),
    ExitReason.ACCOUNT_GOAL: Words("a colleague reached the goal", "同事已达成目标"),
    ExitReason.LIFECYCLE: Words("the journey no longer serves the lead's lifecycle", "旅程不再面向该线索的生命周期"),
    ExitReason.WITHDRAWN: Words("the lead withdrew from everything", "线索撤回了全部同意"),
    ExitReason.DISQUALIFIED: Words("the lead was disqualified", "线索已被判定不合格"),
    ExitReason.ON_HOLD: Words("the owner put the lead on hold", "负责人暂停了该线索"),
    ExitReason.INTERRUPTED: Words("a journey of higher priority took over", "由优先级更高的旅程接管"),
    ExitReason.DORMANT: Words("stood in the first stage for too long without a sign", "在第一阶段停留过久，没有动静"),
}
NAMES: dict[type[StrEnum], dict[str, Words]] = {
    BuyingRole: {
        BuyingRole.DECISION_MAKER: Words("decision maker", "决策者"),
        BuyingRole.CHAMPION: Words("champion", "支持者"),
        BuyingRole.USER: Words("user", "使用者"),
        BuyingRole.TECHNICAL: Words("technical", "技术"),
        BuyingRole.PROCUREMENT: Words("procurement", "采购"),
        BuyingRole.FINANCE: Words("finance", "财务"),
    },
    Lifecycle: {
        Lifecycle.SUBSCRIBER: Words("subscriber", "订阅者"),
        Lifecycle.LEAD: Words("lead", "线索"),
        Lifecycle.QUALIFIED: Words("qualified", "合格线索"),
        Lifecycle.OPPORTUNITY: Words("opportunity", "商机"),
        Lifecycle.CUSTOMER: Words("customer", "客户"),
        Lifecycle.LAPSED: Words("lapsed", "已流失"),
    },
    Channel: {
        Channel.EMAIL: Words("email", "邮件"),
        Channel.WECOM: Words("WeCom", "企业微信"),
        Channel.STAFF: Words("staff", "员工"),
    },
    Move: {
        Move.ENROLLED: Words("enrolled", "进入旅程"),
        Move.ADVANCED: Words("advanced", "前进"),
        Move.FELL_BACK: Words("fell back", "退回"),
        Move.LEFT: Words("left", "离开旅程"),
    },
    ExitReason: EXIT_WORDS,
    MessageState: {
        MessageState.PLANNED: Words("planned", "已计划"),
        MessageState.HELD: Words("held", "已扣留"),
        MessageState.CLAIMED: Words("claimed", "已领取"),
        MessageState.ATTEMPTING: Words("attempting", "发送中"),
        MessageState.WAITING: Words("waiting", "等待中"),
        MessageState.ACCEPTED: Words("accepted", "已受理"),
        MessageState.UNKNOWN: Words("unknown", "结果不明"),
        MessageState.REJECTED: Words("rejected", "被退回"),
        MessageState.DECLINED: Words("declined", "被谢绝"),
        MessageState.CANCELLED: Words("cancelled", "已取消"),
        MessageState.EXPIRED: Words("expired", "已过期"),
        MessageState.SUPPRESSED: Words("suppressed", "已屏蔽"),
        MessageState.ABANDONED: Words("abandoned", "已放弃"),
    },
    Verdict: {
        Verdict.PLANNED: Words("planned", "已计划"),
        Verdict.POSTPONED: Words("postponed", "推迟"),
        Verdict.REFUSED: Words("refused", "不发送"),
        Verdict.SUPERSEDED: Words("superseded", "被取代"),
        Verdict.STALE: Words("stale", "已过时"),
    },
    Reason: {
        Reason.NONE: Words("", ""),
        Reason.ONLY_IF: Words("its own condition does not hold", "触达自身的条件不成立"),
        Reason.SUPPRESSED: Words("address is suppressed", "地址在黑名单中"),
        Reason.NO_CONSENT: Words("no consent", "未获同意"),
        Reason.NO_CROSS_BORDER: Words("no consent to a provider abroad", "未单独同意向境外提供信息"),
        Reason.NO_CHANNEL: Words("no way out on this channel", "该渠道尚未接通"),
        Reason.NO_CONTENT: Words("no content fits", "没有合适的内容"),
        Reason.NO_ADDRESS: Words("no address", "没有可用的地址"),
        Reason.NO_QUOTA: Words("monthly quota used up", "本月额度已用完"),
        Reason.NEWER_TOUCH: Words("a newer touch goes first", "让位于更新的触达"),
        Reason.HIGHER_PRIORITY: Words("a journey of higher priority goes first", "让位于优先级更高的旅程"),
        Reason.SLOT_TAKEN: Words("the night has a message already", "当晚已有一条消息"),
        Reason.EARLIER_UNSENT: Words("an earlier message is on its way", "之前的消息还在路上"),
        Reason.REPLY_OPEN: Words("a reply waits for our answer", "对方来信尚待答复"),
        Reason.SHARED_MAILBOX: Words("another lead with this address gets it", "同一地址的另一条线索会收到"),
        Reason.LEAD_DAY_CAP: Words("daily cap of the lead", "已达每人每日上限"),
        Reason.LEAD_WEEK_CAP: Words("7-day cap of the lead", "已达每人 7 日上限"),
        Reason.ACCOUNT_DAY_CAP: Words("daily cap of the account", "已达每企业每日上限"),
        Reason.EMPLOYEE_DAY_CAP: Words("daily cap of the employee", "已达每员工每日上限"),
        Reason.TOPIC_OFF: Words("the lead does not want this topic", "对方不想收到该主题"),
        Reason.LEAD_PAUSED: Words("the lead asked for a pause", "对方要求暂停一段时间"),
        Reason.PAST_GRACE: Words("too long after its date", "超过宽限期"),
        Reason.RENDER_ERROR: Words("the text could not be rendered", "内容渲染出错"),
    },
}
"""Every word of a closed vocabulary, as people say it."""


STOPPED: dict[str, tuple[Words, str]] = {
    "suppressed": (Words("address is suppressed", "地址在禁发名单"), "ends"),
    "no_consent": (Words("consent was withdrawn", "已撤回同意"), "ends"),
    "no_cross_border": (Words("no consent to a provider abroad", "未单独同意向境外提供信息"), "ends"),
    "address_changed": (Words("address has changed since", "地址已变更"), "ends"),
    "left": (Words("left the journey", "已离开旅程"), "ends"),
    "goal": (Words("reached the goal", "已达成目标"), "ends"),
    "lifecycle": (Words("lifecycle is no longer served", "生命周期已不在服务范围"), "ends"),
    "disqualified": (Words("disqualified", "已判为不合格"), "ends"),
    "only_if": (Words("the touch's condition no longer holds", "触达条件不再成立"), "ends"),
    "topic_off": (Words("the lead does not want this topic", "对方不想收到该主题"), "ends"),
    "lead_paused": (Words("the lead asked for a pause", "对方要求暂停一段时间"), "waits"),
    "on_hold": (Words("owner's hold", "负责人暂停"), "waits"),
    "reply_open": (Words("awaits our answer", "等待我们答复"), "waits"),
    "paused": (Words("paused", "已暂停"), "waits"),
    "ramp": (Words("the provider's ramp of the day", "已达服务商当日爬坡上限"), "waits"),
    "hourly": (Words("hourly limit of the recipient's domain", "已达收件域名每小时上限"), "waits"),
    "no_quota": (Words("monthly quota used up", "当月额度已用完"), "waits"),
    "lead_day_cap": (Words("daily cap of the lead", "已达每人每日上限"), "waits"),
    "lead_week_cap": (Words("7-day cap of the lead", "已达每人 7 日上限"), "waits"),
    "account_day_cap": (Words("daily cap of the account", "已达每企业每日上限"), "waits"),
    "employee_day_cap": (Words("daily cap of the employee", "已达每员工每日上限"), "waits"),
}
"""Why a due message does not go at its claim, and whether it ends or waits."""


def name_of(vocabulary: type[StrEnum], word: str, language: Language) -> str:
    """What people call a stored word; one that the vocabulary does not know stays as it is."""
    known = NAMES[vocabulary].get(word)
    return known.said(language) if known else word


def fell_back_words(days: int) -> Words:
    """Why somebody fell back."""
    return Words(f"stood here for {days} days without a sign", f"停留 {days} 天没有动静")
