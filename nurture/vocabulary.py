"""The words of the house: every stored word of a closed vocabulary, as people say it in both languages."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from models import BuyingRole, Channel, ExitReason, Lifecycle, MessageKind, MessageState, Move, Reason, Verdict

Language = Literal["en", "zh"]


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
    MessageKind: {
        MessageKind.TOUCH: Words("touch", "触达"),
        MessageKind.MARK_NOTICE: Words("notice of a mark", "标记提醒"),
        MessageKind.GOAL_NOTICE: Words("notice of a goal", "目标达成提醒"),
        MessageKind.REPLY_CARD: Words("card of a reply", "来信卡片"),
    },
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
