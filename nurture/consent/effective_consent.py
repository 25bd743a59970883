"""Effective consent: what a yes, a no and a suppression speak of, and which of them holds.

The one reading of consent, for whatever dates are meant: nights, claims, pages, withdrawals and proofs ask here.
"""

from models import ConsentScope
from nurture.people.channel_addresses import WAYS, Way
from nurture.storage.sql import literal, texts


def scopes_of(way: Way) -> str:
    """The scopes that speak of a channel, as SQL: its own, and everything."""
    return texts(way.scope, ConsentScope.ALL)


def scopes_of_message(m: str) -> str:
    """The scopes that speak of the channel of a message, as SQL."""
    own = " ".join(f"WHEN {literal(way.channel)} THEN {literal(way.scope)}" for way in WAYS)
    return f"(CASE {m}.channel {own} END, {literal(ConsentScope.ALL)})"


def suppressed(way: Way, address: str) -> str:
    """The predicate that the hash of an address must not be used on a channel."""
    blocked = f"SELECT address_hash FROM suppression WHERE scope IN {scopes_of(way)}"
    return f"coalesce({address} IN ({blocked}), false)"


def consent_holds(given: str, taken: str, granted: str = "true", withdrawn: str = "true", c: str = "") -> str:
    """An aggregate over rows of ``consent``: the newest proven yes is younger than the newest no, which wins a tie.

    Args:
        given: The scopes of a yes to what is asked, as SQL.
        taken: The scopes of a no to it.
        granted: Which grants count, by their time; only proven ones do (GDPR art. 7(1), PIPL art. 69).
        withdrawn: Which withdrawals count, by their time.
        c: The alias of the rows, with its dot.
    """
    yes = f"max({c}occurred_at) FILTER ({c}action <> 'withdrawn' AND {c}proven AND {c}scope IN {given} AND {granted})"
    no = f"max({c}occurred_at) FILTER ({c}action = 'withdrawn' AND {c}scope IN {taken} AND {withdrawn})"
    return f"coalesce({yes} > coalesce({no}, TIMESTAMP '-infinity'), false)"


def consent_withdrawn(scopes: str, c: str = "") -> str:
    """An aggregate over rows of ``consent``: somebody said no, and no later yes took it back."""
    said_no = f"bool_or({c}action = 'withdrawn' AND {c}scope IN {scopes})"
    return f"({said_no} AND NOT {consent_holds(scopes, scopes, c=c)})"
