"""Our account at SendGrid: what the key may do, whether it may write in our name, and whether it tells us what happens.

Only reads. Sources: the pages of https://www.twilio.com/docs/sendgrid/api-reference on API key permissions, domain
authentication, sender verification, event webhooks and Inbound Parse settings.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from nurture.channels.sendgrid.responses import NO_WAY_IN, Answer
from nurture.doctor import Examination, Examined, bad, good, unknown, warning
from nurture.doctor.dns_lookup import Names
from nurture.doctor.spf import examine_spf
from nurture.errors import NurtureError, TransientError

Look = Callable[[str], Answer]
Row = Mapping[str, Any]
NEEDED = {
    "mail.send": "nothing can be sent",
    "suppression.read": "SendGrid's lists of addresses that it will not write to cannot be taken in",
}
LOGS = ("email_logs.read", "messages.read")
MORE_THAN_NEEDED = ("api_keys.create", "api_keys.update", "billing.update", "teammates.create", "user.password.update")
EVENTS = ("delivered", "bounce", "dropped", "deferred", "spam_report")
EXCHANGER = "mx.sendgrid.net"
OFF, FAR_OFF = timedelta(seconds=30), timedelta(minutes=5)


class NotShown(NurtureError):  # noqa: N818 - an answer, not a fault
    """A page of the account that the key may not read, or that says something else than expected."""


def examine_key(look: Look) -> Examination:
    """Whether the key lets us in, and may do what we need and no more."""
    subject, answer = "SendGrid: key", look("/v3/scopes")
    if answer.status in NO_WAY_IN:
        yield bad(subject, f"SendGrid refuses it ({answer.status})", "Make a key, and set NURTURE_SENDGRID_API_KEY.")
        return
    scopes = _shown(answer, "scopes")
    missing = {scope: without for scope, without in NEEDED.items() if scope not in scopes}
    if not any(scope in scopes for scope in LOGS):
        missing[LOGS[0]] = "what became of a mail after a broken connection can only be learned from events"
    for scope, without in missing.items():
        yield (bad if scope == "mail.send" else warning)(subject, f"without {scope} {without}", "Give it that scope.")
    if more := [scope for scope in MORE_THAN_NEEDED if scope in scopes]:
        yield warning(subject, f"it may do more than it needs: {', '.join(more)}", "Make a restricted key.")
    elif not missing:
        yield good(subject, "it may do what is needed")


def examine_clock(answer: Answer, now: datetime) -> Examination:
    """Our clock against theirs: signatures of webhooks and the search in logs depend on it."""
    try:
        theirs = parsedate_to_datetime(answer.header("Date"))
        apart = abs(now - theirs)
    except (ValueError, TypeError):
        yield unknown("Clock", "SendGrid does not tell the time", "Look that this machine runs NTP.")
        return
    seconds = f"{apart.total_seconds():.0f} s from SendGrid's"
    if apart > OFF:
        do = "Let this machine follow a time server (timedatectl set-ntp true)."
        yield (bad if apart > FAR_OFF else warning)("Clock", seconds, do)
    else:
        yield good("Clock", seconds)


def examine_senders(look: Look, names: Names, addresses: Collection[str]) -> Examination:
    """Whether SendGrid may write in the name of each sender, and receivers can prove it."""
    domains = {row["domain"].lower(): row for row in _shown(look("/v3/whitelabel/domains?limit=50"))}
    single = {row["from_email"].lower() for row in _rows(look, "/v3/verified_senders", "results") if row["verified"]}
    seen: set[str] = set()
    for address in sorted(addresses):
        domain = address.partition("@")[2].lower()
        above = domain.partition(".")[2]
        owner = next((name for name in (domain, above) if name in domains), "")
        if owner and owner != domain and domain not in seen:
            do = f"Try it with nurture send-test; if SendGrid answers 403, authenticate {domain} too."
            yield warning(f"SendGrid: domain {domain}", f"authenticated is only {above}, above it", do)
        if owner and owner not in seen:
            yield from _authenticated(domains[owner], names, owner)
        if not owner:
            yield _single(address, verified=address.lower() in single)
        seen |= {domain, owner}


def _single(address: str, verified: bool) -> Examined:
    subject = f"SendGrid: sender {address}"
    do = f"Authenticate {address.partition('@')[2]} at SendGrid (Settings, Sender Authentication)."
    if verified:
        return warning(subject, "verified alone: receivers see another domain behind it, and DMARC fails", do)
    return bad(subject, "SendGrid may not write in its name and answers 403", do)


def _authenticated(row: Row, names: Names, domain: str) -> Examination:
    """The records behind an authenticated domain, as the world sees them now."""
    subject = f"SendGrid: domain {domain}"
    records: Sequence[Row] = list((row.get("dns") or {}).values())
    wrong = [each["host"] for each in records if each["type"].lower() == "cname" and _points_elsewhere(names, each)]
    if not row.get("valid"):
        yield bad(subject, "it is not validated there", "Publish the records that SendGrid shows, and press Verify.")
    if wrong:
        yield bad(
            subject, f"DKIM or return path point elsewhere: {', '.join(wrong)}",
            "Publish the CNAME records that SendGrid shows (Settings, Sender Authentication).",
        )  # fmt: skip
    elif row.get("valid"):
        yield good(subject, f"validated; {len(records)} records in place")
    if return_path := next((each["host"] for name, each in row["dns"].items() if name.startswith("mail_")), ""):
        yield from examine_spf(names, return_path, "the record that SendGrid shows (Settings, Sender Authentication).")


def _points_elsewhere(names: Names, record: Row) -> bool:
    return names.cname(record["host"]) != str(record["data"]).rstrip(".").lower()


def examine_webhook(look: Look, url: str, keys: Collection[str]) -> Examination:
    """Whether SendGrid tells us what becomes of mails, signed with a key that we know."""
    subject = "SendGrid: event webhook"
    ours = [row for row in _rows(look, "/v3/user/webhooks/event/settings/all", "webhooks") if row["url"] == url]
    if not ours:
        yield bad(
            subject, "none posts to us: bounces, complaints and what became of unknown mails would stay unseen",
            f"Add one at SendGrid (Settings, Mail Settings, Event Webhooks) that posts to {url}.",
        )  # fmt: skip
        return
    hook = ours[0]
    silent = [event for event in EVENTS if not hook.get(event)]
    if not hook.get("enabled"):
        yield bad(subject, "it is switched off", "Enable it at SendGrid.")
    elif silent:
        yield bad(subject, f"it does not tell of: {', '.join(silent)}", "Tick these events at SendGrid.")
    else:
        yield good(subject, f"it posts to {url}")
    yield _signed(str(hook.get("public_key") or ""), keys)


def _signed(key: str, keys: Collection[str]) -> Examined:
    subject = "SendGrid: webhook key"
    if not key:
        do = "Enable the signed event webhook, and put its key into NURTURE_SENDGRID_WEBHOOK_KEYS."
        return bad(subject, "events are not signed: all of them are refused", do)
    if key not in keys:
        do = f"Add it to NURTURE_SENDGRID_WEBHOOK_KEYS: {key}"
        return bad(subject, "events are signed with a key that we do not know: all of them are refused", do)
    return good(subject, "events are signed with a key that we know")


def examine_replies(look: Look, names: Names, domain: str, address: str, secrets: Collection[str]) -> Examination:
    """Whether replies reach us: mail to the reply domain goes to SendGrid, which posts it to us as it is.

    ``address`` is ours up to the secret at its end; each of ``secrets`` is good while one replaces another.
    """
    hosts = [each.host for each in names.mx(domain)]
    if hosts == [EXCHANGER]:
        yield good(f"MX of {domain}", EXCHANGER)
    else:
        found = ", ".join(hosts) or "nobody takes mail for it"
        yield bad(f"MX of {domain}", found, f"Publish one MX record: 10 {EXCHANGER}.")
    subject, ours = "SendGrid: Inbound Parse", address + "<the secret>"
    rows = [row for row in _rows(look, "/v3/user/webhooks/parse/settings", "result") if row["hostname"] == domain]
    if not secrets:
        yield bad(subject, "NURTURE_INBOUND_SECRET is not set: all replies are refused", "Set it.")
    elif not rows:
        yield bad(subject, f"it does nothing with mail to {domain}", f"Add {domain} there, with {ours}.")
    elif rows[0]["url"] not in {address + secret for secret in secrets}:
        do = f"Let it post to {ours} (NURTURE_PUBLIC_URL, NURTURE_INBOUND_SECRET)."
        yield bad(subject, "it posts replies to another address than ours", do)
    elif not rows[0].get("send_raw"):
        yield bad(subject, "it takes the mails apart", "Tick 'POST the raw, full MIME message'.")
    else:
        yield good(subject, f"replies to {domain} are posted to us")


def _rows(look: Look, path: str, key: str) -> list[Row]:
    return list(_shown(look(path), key))


def _shown(answer: Answer, key: str = "") -> Any:
    """What a page says.

    Raises:
        NotShown: it is not for this key, or something else.
    """
    if answer.status in NO_WAY_IN:
        raise NotShown("the key may not look at it")
    try:
        page = json.loads(answer.body)
        return page[key] if key else page
    except (ValueError, LookupError, TypeError) as error:
        raise NotShown(f"SendGrid answers {answer.status}") from error


def as_far_as_shown(subject: str, examination: Examination) -> Examination:
    """An examination to its end, or to where the account shows no more."""
    try:
        yield from examination
    except NotShown as error:
        do = "Give the key read access to it, or look at it by hand."
        yield unknown(subject, str(error), do)
    except TransientError as error:
        yield unknown(subject, str(error), "Try again; look at the network of this machine.")
    except (LookupError, TypeError, AttributeError) as error:
        yield unknown(subject, f"SendGrid's page has another form ({type(error).__name__})", "Look at it by hand.")
