"""The words of the house: every stored word of a closed vocabulary, as people say it in both languages."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from models import (
    BuyingRole,
    Channel,
    ConsentScope,
    ExitReason,
    Lifecycle,
    MessageKind,
    MessageState,
    Move,
    Reason,
    Verdict,
)

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

REASONS: dict[Reason, tuple[Words, Words]] = {
    Reason.NONE: (Words("", ""), Words("", "")),
    Reason.ONLY_IF: (
        Words("its own condition does not hold", "触达自身的条件不成立"),
        Words("read its only_if with `nurture explain LEAD`", "用 `nurture explain 线索` 查看它的 only_if"),
    ),
    Reason.SUPPRESSED: (
        Words("address is suppressed", "地址在禁发名单中"),
        Words("nothing: it bounced, or they complained or left", "无需处理：地址已退信，或对方投诉、退订"),
    ),
    Reason.NO_CONSENT: (
        Words("no consent", "未获同意"),
        Words("ask for it where you meet them", "在下次见面或来往时征得同意"),
    ),
    Reason.NO_CROSS_BORDER: (
        Words("no consent to a provider abroad", "未单独同意向境外提供信息"),
        Words(
            "ask for it separately, or give the touch another leg (otherwise)", "单独征得同意，或为触达加一个 otherwise"
        ),
    ),
    Reason.NO_CHANNEL: (
        Words("no way out on this channel", "该渠道尚未接通"),
        Words("connect the channel, or give the touch another leg (otherwise)", "接通该渠道，或为触达加一个 otherwise"),
    ),
    Reason.NO_CONTENT: (
        Words("no content fits", "没有合适的内容"),
        Words("write the file for their language, role, industry or size", "为对方的语言、角色、行业或规模补写内容"),
    ),
    Reason.NO_ADDRESS: (
        Words("no address", "没有可用的地址"),
        Words("bring the address in, or give the touch another leg (otherwise)", "补全地址，或为触达加一个 otherwise"),
    ),
    Reason.NO_QUOTA: (
        Words("monthly quota used up", "本月额度已用完"),
        Words("it waits; fewer touches on this channel", "等下个月；减少该渠道的触达"),
    ),
    Reason.NEWER_TOUCH: (
        Words("a newer touch goes first", "让位于更新的触达"),
        Words("put more days between the two", "把两次触达的间隔拉开"),
    ),
    Reason.HIGHER_PRIORITY: (
        Words("a journey of higher priority goes first", "让位于优先级更高的旅程"),
        Words("policy.toml, priorities", "查看 policy.toml 的 priorities"),
    ),
    Reason.SLOT_TAKEN: (
        Words("the night has a message already", "当晚已有一条消息"),
        Words("it waits for tomorrow", "明晚再看"),
    ),
    Reason.EARLIER_UNSENT: (
        Words("an earlier message is on its way", "之前的消息还在路上"),
        Words("it waits until that one is sent or ends: `nurture dispatch`", "等那一条发出或结束：`nurture dispatch`"),
    ),
    Reason.REPLY_OPEN: (
        Words("a reply waits for our answer", "对方来信尚待答复"),
        Words("answer the person", "请回复对方"),
    ),
    Reason.SHARED_MAILBOX: (
        Words("another lead with this address gets it", "同一地址的另一条线索会收到"),
        Words("nothing: one mail to a mailbox is enough", "无需处理：一个邮箱一封就够了"),
    ),
    Reason.LEAD_DAY_CAP: (
        Words("daily cap of the lead", "已达每人每日上限"),
        Words("it waits; space the touches", "顺延；把触达间隔拉开"),
    ),
    Reason.LEAD_WEEK_CAP: (
        Words("7-day cap of the lead", "已达每人 7 日上限"),
        Words("it waits; space the touches", "顺延；把触达间隔拉开"),
    ),
    Reason.ACCOUNT_DAY_CAP: (
        Words("daily cap of the account", "已达每企业每日上限"),
        Words("it waits; leads with greater depth go first", "顺延；互动更深的线索优先"),
    ),
    Reason.EMPLOYEE_DAY_CAP: (
        Words("daily cap of the employee", "已达每员工每日上限"),
        Words("it waits; too many tasks for one person", "顺延；一个人的任务太多了"),
    ),
    Reason.TOPIC_OFF: (
        Words("the lead does not want this topic", "对方不想收到该主题"),
        Words("respect it; other journeys may still write", "尊重对方的选择；其他旅程仍可联系"),
    ),
    Reason.LEAD_PAUSED: (
        Words("the lead asked for a pause", "对方要求暂停一段时间"),
        Words("nothing: it goes on when the pause is over", "无需处理：暂停结束后自动继续"),
    ),
    Reason.PAST_GRACE: (
        Words("too long after its date", "超过宽限期"),
        Words("nothing: too late to be of use", "无需处理：已经太迟，没有意义"),
    ),
    Reason.RENDER_ERROR: (
        Words("the text could not be rendered", "内容渲染出错"),
        Words("`nurture check`, then mend the text", "运行 `nurture check`，修好内容"),
    ),
    Reason.ADDRESS_CHANGED: (
        Words("address has changed since", "地址已变更"),
        Words("nothing: the next touch goes to the new one", "无需处理：下一次触达会用新地址"),
    ),
    Reason.LEFT: (
        Words("left the journey", "已离开旅程"),
        Words("nothing: the journey is over for them", "无需处理：对方的旅程已结束"),
    ),
    Reason.GOAL: (
        Words("reached the goal", "已达成目标"),
        Words("nothing: sales has been told", "无需处理：已通知销售"),
    ),
    Reason.LIFECYCLE: (
        Words("lifecycle is no longer served", "生命周期已不在服务范围"),
        Words("nothing: another journey may serve them", "无需处理：可由其他旅程接手"),
    ),
    Reason.DISQUALIFIED: (
        Words("disqualified", "已判为不合格"),
        Words("nothing, unless it was a mistake: import the lead again", "无需处理；如属误判，请重新导入该线索"),
    ),
    Reason.ON_HOLD: (
        Words("owner's hold", "负责人暂停"),
        Words("ask the owner when it may go on", "请负责人决定何时继续"),
    ),
    Reason.PAUSED: (
        Words("paused", "已暂停"),
        Words("look at `nurture status`, then `nurture resume`", "查看 `nurture status`，再 `nurture resume`"),
    ),
    Reason.RAMP: (
        Words("the provider's ramp of the day", "已达服务商当日爬坡上限"),
        Words("it waits for the next day", "等到第二天"),
    ),
    Reason.HOURLY: (
        Words("hourly limit of the recipient's domain", "已达收件域名每小时上限"),
        Words("it waits for the next hour", "等到下一个小时"),
    ),
}
"""Why something does not go out, as people say it, and what a person can do about it."""

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
    ConsentScope: {
        ConsentScope.EMAIL: Words("email", "邮件"),
        ConsentScope.WECOM: Words("WeCom", "企业微信"),
        ConsentScope.PHONE: Words("phone", "电话"),
        ConsentScope.CROSS_BORDER: Words("providers abroad", "境外服务商"),
        ConsentScope.ALL: Words("everything", "全部"),
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
    Reason: {reason: said for reason, (said, _) in REASONS.items()},
}
"""Every word of a closed vocabulary, as people say it."""


def name_of(vocabulary: type[StrEnum], word: str, language: Language) -> str:
    """What people call a stored word; one that the vocabulary does not know stays as it is."""
    known = NAMES[vocabulary].get(word)
    return known.said(language) if known else word


def next_step(reason: str, language: Language) -> str:
    """What a person can do about a reason; empty when the vocabulary does not know it."""
    return REASONS[Reason(reason)][1].said(language) if reason in REASONS else ""


def fell_back_words(days: int) -> Words:
    """Why somebody fell back."""
    return Words(f"stood here for {days} days without a sign", f"停留 {days} 天没有动静")
