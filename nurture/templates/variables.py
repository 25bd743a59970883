"""The reader: everything that a text may say about one person, flat, as it comes from the database."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from models import Channel
from models.types import derived_id
from nurture.content.brand import Voice, in_language
from nurture.keys.signed_links import Tokens
from nurture.templates.compiler import Template
from nurture.templates.sandbox import plain

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """One person who reads one message, and the employee who looks after them. ``None`` is: not known.

    ``recent`` are the lead's last acts, newest first, as (day, what) in the language of the text. ``impersonal`` ones
    do not want texts made for them. ``reply_…`` is what a card tells of; ``sender_known`` whether it came from the
    address that we wrote to.
    """

    message_id: str
    external_id: str = ""
    name: str = ""
    role: str | None = None
    email: str | None = None
    mobile: str | None = None
    wecom_id: str | None = None
    source: str | None = None
    depth: Decimal | None = None
    account_name: str | None = None
    industry: str | None = None
    city: str | None = None
    employees: int | None = None
    plan: str | None = None
    maintenance_ends: date | None = None
    owner_name: str | None = None
    owner_title: str | None = None
    owner_email: str | None = None
    owner_wecom: str | None = None
    why: str | None = None
    recent: tuple[tuple[date, str], ...] = ()
    impersonal: bool | None = None
    reply_subject: str | None = None
    reply_text: str | None = None
    sender_known: bool | None = None


@dataclass(frozen=True)
class Introduction:
    """Introduces readers to templates: turns what we know of a person into what a text may say."""

    voice: Voice
    tokens: Tokens

    def values(self, reader: Reader, template: Template) -> Values:
        """The variables of a template for one reader; what is not known is not there."""
        return {
            "language": template.language,
            "lead": self._lead(reader, template.language),
            "account": {} if reader.impersonal else self._account(reader, template.language),
            "impersonal": bool(reader.impersonal),
            "owner": _known(name=reader.owner_name, title=reader.owner_title, email=reader.owner_email),
            "links": {key: self._link(reader, template, key) for key in template.links},
            "unsubscribe_url": self.tokens.unsubscribe_url(reader.message_id),
            "trap_url": self.tokens.trap_url(reader.message_id) if template.channel is Channel.EMAIL else "",
            "why": plain(reader.why or ""),
            "reply": _known(
                subject=reader.reply_subject,
                text=reader.reply_text,
                elsewhere=True if reader.sender_known is False else None,
            ),
            "recent": [{"day": day, "what": plain(what)} for day, what in reader.recent],
        }

    def _lead(self, reader: Reader, language: str) -> Values:
        role = None if reader.impersonal else self.voice.wording.role.get(reader.role or "")
        return _known(
            name=reader.name,
            role=None if reader.impersonal else reader.role,
            role_name=in_language(role, language) if role else None,
            email=reader.email,
            mobile=reader.mobile,
            source=reader.source,
            external_id=reader.external_id,
            depth=reader.depth,
        )

    def _account(self, reader: Reader, language: str) -> Values:
        industry = self.voice.wording.industry.get(reader.industry or "")
        return _known(
            name=reader.account_name,
            industry=reader.industry,
            industry_name=in_language(industry, language) if industry else None,
            city=reader.city,
            employees=reader.employees,
            plan=reader.plan,
            maintenance_ends=reader.maintenance_ends,
        )

    def _link(self, reader: Reader, template: Template, key: str) -> str:
        """Signed for the message; in a shared WeCom text for the touch and the colleague who sends it."""
        whose = reader.message_id
        if template.channel is Channel.WECOM:
            whose = derived_id("shared", template.file, reader.owner_wecom).hex
        return self.tokens.link_url(whose, in_language(self.voice.links[key], template.language))


def _known(**values: Any) -> Values:
    """The values that are known, made harmless."""
    return {
        name: plain(value) if isinstance(value, str) else value
        for name, value in values.items()
        if value is not None and value != ""
    }
