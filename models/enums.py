"""The closed vocabularies: every state, reason and kind that a column may hold."""

from enum import StrEnum


class Lifecycle(StrEnum):
    """How far the company and this person have come together."""

    SUBSCRIBER = "subscriber"
    LEAD = "lead"
    QUALIFIED = "qualified"
    OPPORTUNITY = "opportunity"
    CUSTOMER = "customer"
    LAPSED = "lapsed"


class BuyingRole(StrEnum):
    """A person's part in the group that buys."""

    DECISION_MAKER = "decision_maker"
    CHAMPION = "champion"
    USER = "user"
    TECHNICAL = "technical"
    PROCUREMENT = "procurement"
    FINANCE = "finance"


class IdentityKind(StrEnum):
    """What kind of name points at a lead."""

    EXTERNAL_ID = "external_id"
    EMAIL = "email"
    MOBILE = "mobile"
    WECOM_ID = "wecom_id"


class Channel(StrEnum):
    """How a touch travels. ``staff`` is a task for an employee."""

    EMAIL = "email"
    WECOM = "wecom"
    STAFF = "staff"


class ConsentScope(StrEnum):
    """What a consent or its withdrawal covers; ``all`` is every channel.

    ``cross_border`` is the separate consent to give the address to a provider abroad (PIPL art. 39).
    """

    EMAIL = "email"
    WECOM = "wecom"
    PHONE = "phone"
    CROSS_BORDER = "cross_border"
    ALL = "all"


class ConsentAction(StrEnum):
    """What the person did with their consent."""

    GRANTED = "granted"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


class Move(StrEnum):
    """Why a row of the stage history exists."""

    ENROLLED = "enrolled"
    ADVANCED = "advanced"
    FELL_BACK = "fell_back"
    LEFT = "left"


class ExitReason(StrEnum):
    """Why a lead left a journey, in the order in which the reasons are asked."""

    GOAL = "goal"
    ACCOUNT_GOAL = "account_goal"
    LIFECYCLE = "lifecycle"
    WITHDRAWN = "withdrawn"
    DISQUALIFIED = "disqualified"
    ON_HOLD = "on_hold"
    INTERRUPTED = "interrupted"
    DORMANT = "dormant"


class MessageKind(StrEnum):
    """What a message is: a touch of a stage, or what sales is told of a mark, of a goal, of a reply."""

    TOUCH = "touch"
    MARK_NOTICE = "mark_notice"
    GOAL_NOTICE = "goal_notice"
    REPLY_CARD = "reply_card"


class MessageState(StrEnum):
    """Where a message stands; which moves are legal is the ledger's to say."""

    PLANNED = "planned"
    HELD = "held"
    CLAIMED = "claimed"
    ATTEMPTING = "attempting"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    REJECTED = "rejected"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"
    ABANDONED = "abandoned"


class Verdict(StrEnum):
    """What the night decided about one (lead, touch) pair."""

    PLANNED = "planned"
    POSTPONED = "postponed"
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    STALE = "stale"


class Reason(StrEnum):
    """Why a pair got no message tonight, or a due message does not go at its claim."""

    NONE = ""
    ONLY_IF = "only_if"
    SUPPRESSED = "suppressed"
    NO_CONSENT = "no_consent"
    NO_CROSS_BORDER = "no_cross_border"
    NO_CHANNEL = "no_channel"
    NO_CONTENT = "no_content"
    NO_ADDRESS = "no_address"
    NO_QUOTA = "no_quota"
    NEWER_TOUCH = "newer_touch"
    HIGHER_PRIORITY = "higher_priority"
    SLOT_TAKEN = "slot_taken"
    EARLIER_UNSENT = "earlier_unsent"
    REPLY_OPEN = "reply_open"
    SHARED_MAILBOX = "shared_mailbox"
    LEAD_DAY_CAP = "lead_day_cap"
    LEAD_WEEK_CAP = "lead_week_cap"
    ACCOUNT_DAY_CAP = "account_day_cap"
    EMPLOYEE_DAY_CAP = "employee_day_cap"
    TOPIC_OFF = "topic_off"
    LEAD_PAUSED = "lead_paused"
    PAST_GRACE = "past_grace"
    RENDER_ERROR = "render_error"
    ADDRESS_CHANGED = "address_changed"
    LEFT = "left"
    GOAL = "goal"
    LIFECYCLE = "lifecycle"
    DISQUALIFIED = "disqualified"
    ON_HOLD = "on_hold"
    PAUSED = "paused"
    RAMP = "ramp"
    HOURLY = "hourly"


class Step(StrEnum):
    """The steps of a night, each closed once by a marker row; ``leave`` to ``choose`` journey by journey."""

    TAKE_IN = "take_in"
    SCORE = "score"
    LEAVE = "leave"
    ENROL = "enrol"
    MOVE = "move"
    CHOOSE = "choose"
    FOLD_DECISIONS = "fold_decisions"
    RENDER = "render"


class Mover(StrEnum):
    """Who moved a message."""

    NIGHT = "night"
    DISPATCH = "dispatch"
    OPERATOR = "operator"
    RECONCILE = "reconcile"
    READER = "reader"


class PauseKind(StrEnum):
    """What a pause stops."""

    ALL = "all"
    JOURNEY = "journey"
    TOUCH = "touch"
    CHANNEL = "channel"


class SignalKind(StrEnum):
    """What a signal tells of a message."""

    PROCESSED = "processed"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    DROPPED = "dropped"
    OPENED = "opened"
    CLICKED = "clicked"
    TRAPPED = "trapped"
    COMPLAINED = "complained"
    LEFT = "left"
    REPLIED = "replied"
    AUTO_REPLIED = "auto_replied"
    OTHER = "other"


class Meaning(StrEnum):
    """What follows from a signal for the address or the person."""

    NONE = ""
    GONE = "gone"
    THROTTLED = "throttled"
    REFUSED = "refused"
    COMPLAINED = "complained"
    LEFT = "left"
