"""SPF: who may send for a domain. More than ten look-ups count as an error (RFC 7208, 4.6.4)."""

import re

from nurture.doctor import Examination, bad, good, warning
from nurture.doctor.dns_lookup import Names

MOST_LOOKUPS = 10
ASKS = re.compile(r"[+?~-]?(?:(include|exists):|redirect=|(?:a|mx|ptr)(?:[:/]|$))(\S*)", re.IGNORECASE)
EVERYBODY = re.compile(r"\+?all", re.IGNORECASE)


def examine_spf(names: Names, domain: str, says: str) -> Examination:
    """The SPF record of the domain under which a provider sends; ``says`` is what the provider wants of it."""
    subject = f"SPF of {domain}"
    records = _records(names, domain)
    if not records:
        yield bad(subject, "there is none", f"Publish a TXT record at {domain}: {says}")
    elif len(records) > 1:
        yield bad(subject, f"there are {len(records)}; that counts as an error", "Put them into one TXT record.")
    elif any(EVERYBODY.fullmatch(term) for term in records[0].split()):
        yield bad(subject, "it lets everybody send (+all)", "End it with ~all or -all.")
    elif (lookups := _lookups(names, domain)) > MOST_LOOKUPS:
        yield bad(
            subject, f"it asks for more than {MOST_LOOKUPS} look-ups; that counts as an error",
            "Take out senders that are no longer used.",
        )  # fmt: skip
    elif not re.search(r"(?:[~-]all|redirect=\S+)\s*$", records[0], re.IGNORECASE):
        yield warning(subject, "it forbids nobody", "End it with ~all or -all.")
    else:
        yield good(subject, f"{records[0]} ({lookups} look-ups)")


def _records(names: Names, domain: str) -> list[str]:
    return [text for text in names.txt(domain) if text.lower().split(" ")[0] == "v=spf1"]


def _lookups(names: Names, domain: str, above: frozenset[str] = frozenset()) -> int:
    """How many look-ups a receiver makes at most; no more than one beyond the limit is counted, nor a circle."""
    found = 0
    for record in _records(names, domain)[:1]:
        for asks in map(ASKS.fullmatch, record.split()[1:]):
            if asks is None:
                continue
            found += 1
            goes_on = asks[0].lower().lstrip("+?~-").startswith(("include:", "redirect="))
            if goes_on and "%" not in asks[2] and asks[2] not in above and found <= MOST_LOOKUPS:
                found += _lookups(names, asks[2], above | {domain})
    return min(found, MOST_LOOKUPS + 1)
