"""Mailing: by which provider a mail goes, how many a day, what makes a night wait and what halts the mail.

These are the ``[email]`` and ``[law]`` parts of ``policy.toml``, and what they mean in SQL, in terms of a ``lead``.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from nurture.storage.sql import literal, texts

STRICT = ConfigDict(frozen=True, extra="forbid")
Share = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


class Route(BaseModel):
    """Mail to these countries and recipient domains goes by one provider; what is left out takes all."""

    model_config = STRICT

    via: str
    countries: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()

    @property
    def takes_all(self) -> bool:
        """Whether it asks for nothing."""
        return not (self.countries or self.domains)


class Provider(BaseModel):
    """Where a provider keeps what it gets, and the most mails on its first live day, its second …; none after.

    ``dkim`` are the selectors under which a relay's keys lie, for `nurture doctor email` to look at.
    """

    model_config = STRICT

    country: str
    ramp: tuple[Count, ...] = ()
    dkim: tuple[str, ...] = ()


class Breakers(BaseModel):
    """When mail by a provider halts until a person lets it go on: shares over the last so many days."""

    model_config = STRICT

    days: Count
    complaints_warn: Share
    complaints_halt: Share
    bounces_halt: Share
    least_delivered: Count
    least_complaints: Count
    least_bounces: Count


class Mailing(BaseModel):
    """All of ``[email]``; ``hold_above`` is how many messages a live night may have that nobody approved."""

    model_config = STRICT

    hold_above: int | None = Field(None, ge=0)
    routes: tuple[Route, ...] = (Route(via="sendgrid"),)
    providers: dict[str, Provider] = Field(default_factory=dict)
    hourly: dict[str, Count] = Field(default_factory=dict)
    hourly_other: Count | None = None
    breakers: Breakers | None = None

    @model_validator(mode="after")
    def _every_mail_has_one_way(self) -> "Mailing":
        if not self.routes or not self.routes[-1].takes_all:
            raise ValueError("the last of email.routes must take all: leave its countries and domains out")
        if dead := [route.via for route in self.routes[:-1] if route.takes_all]:
            raise ValueError(f"the route via {dead[0]!r} takes all, so that no later one is ever reached")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The providers that any route names."""
        return tuple(dict.fromkeys(route.via for route in self.routes))


class Law(BaseModel):
    """What the law of a country wants of marketing mail to people there.

    ``subject_prefix`` is how every subject begins, by language. ``consent_abroad``: a provider that keeps its data in
    another country gets an address only with the person's separate consent.
    """

    model_config = STRICT

    subject_prefix: dict[str, str] = Field(default_factory=dict)
    consent_abroad: bool = False


Laws = Mapping[str, Law]
DOMAIN = "lower(split_part(lead.email, '@', 2))"
"""The domain of a lead's mailbox."""


def via(mailing: Mailing, home: str) -> str:
    """The expression of the provider by which mail to a ``lead`` goes; ``home`` is the country of those without one."""
    *some, last = mailing.routes
    cases = " ".join(f"WHEN {_fits(route, home)} THEN {literal(route.via)}" for route in some)
    return f"CASE {cases} ELSE {literal(last.via)} END" if cases else literal(last.via)


def _fits(route: Route, home: str) -> str:
    parts = []
    if route.countries:
        parts.append(f"coalesce(lead.country, {literal(home)}) IN {texts(*sorted(route.countries))}")
    if route.domains:
        parts.append(f"coalesce({DOMAIN} IN {texts(*sorted(route.domains))}, false)")
    return " AND ".join(parts)


def leaves_the_country(mailing: Mailing, laws: Laws, home: str) -> str:
    """The predicate that mail to a ``lead`` goes by a provider abroad, and the law asks a consent of its own for that.

    Source: PIPL art. 39. A provider of which the policy says nothing counts as abroad.
    """
    strict = sorted(country for country, law in laws.items() if law.consent_abroad)
    parts = []
    for country in strict:
        inside = [name for name in mailing.names if name in mailing.providers and _keeps(mailing, name, country)]
        abroad = f"{via(mailing, home)} NOT IN {texts(*inside)}" if inside else "true"
        parts.append(f"(coalesce(lead.country, {literal(home)}) = {literal(country)} AND {abroad})")
    return f"({' OR '.join(parts)})" if parts else "false"


def _keeps(mailing: Mailing, name: str, country: str) -> bool:
    return mailing.providers[name].country == country
