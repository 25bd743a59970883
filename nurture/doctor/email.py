"""``nurture doctor email``: everything that has to be right before mail goes to people, looked at from here.

Sends nothing and changes nothing: it reads settings and content, asks name servers, reads the account at SendGrid,
and knocks at relays.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from urllib.parse import urlsplit

from nurture.channels import Channel
from nurture.channels.email.smtp import Smtp
from nurture.channels.registry import SENDGRID, NotSetUp, open_provider
from nurture.channels.sendgrid import SendGrid
from nurture.content.brand import read_voice
from nurture.content.email_policy import Mailing, Provider
from nurture.doctor import Examination, bad, good, unknown, warning
from nurture.doctor.dns_lookup import Names
from nurture.doctor.domains import examine_dkim, examine_domain
from nurture.doctor.sendgrid import (
    as_far_as_shown,
    examine_clock,
    examine_key,
    examine_replies,
    examine_senders,
    examine_webhook,
)
from nurture.doctor.spf import examine_spf
from nurture.errors import AccountError, TransientError
from nurture.journey.playbook import Playbook
from nurture.settings import Mode, Settings, entries

HERE = ("127.0.0.1", "localhost", "::1")


def examine_email(settings: Settings, playbook: Playbook, clock: Callable[[], datetime]) -> Examination:
    """All findings, one after the other as they are made.

    Raises:
        InputError: a setting or a content file cannot be used at all.
    """
    mailing, names = playbook.policy.email, Names(settings.name_server)
    voice = read_voice(settings.content)
    senders = {persona.email for each in voice.senders.values() for persona in each.values()}
    domains = sorted({address.partition("@")[2].lower() for address in senders})
    yield from examine_decision(settings)
    yield from examine_pages(settings.public_url)
    for domain in domains:
        yield from as_far_as_answered(f"Domain {domain}", examine_domain(names, domain))
    for name in mailing.names:
        provider = open_provider(name, settings)
        try:
            yield from _examine_provider(provider, settings, mailing, names, senders, clock)
        finally:
            provider.finish()


def examine_decision(settings: Settings) -> Examination:
    """Whom a dispatch would reach."""
    only = len(settings.only_to.split())
    if settings.mode is Mode.LIVE:
        yield good("Mode", "live: nights that are approved go to people")
    elif only:
        yield good("Mode", f"preview: only the {only} addresses of NURTURE_ONLY_TO are written to")
    else:
        do = "NURTURE_ONLY_TO=you@company.com writes to you alone; NURTURE_MODE=live to everybody."
        yield warning("Mode", "preview: nobody is written to", do)


def examine_pages(public_url: str) -> Examination:
    """Whether a reader can reach the page to leave: receivers want HTTPS for it (RFC 8058, 3.1)."""
    url = urlsplit(public_url)
    if url.hostname in HERE:
        yield bad("Pages", f"{public_url} is this machine: no reader could leave", "Set NURTURE_PUBLIC_URL.")
    elif url.scheme != "https":
        yield bad("Pages", f"{public_url} is not HTTPS: Gmail shows no button to leave", "Serve the pages by HTTPS.")
    else:
        yield good("Pages", public_url)


def _examine_provider(
    provider: Channel, settings: Settings, mailing: Mailing, names: Names, senders: set[str],
    clock: Callable[[], datetime],
) -> Examination:  # fmt: skip
    if isinstance(provider, SendGrid):
        yield from examine_account(provider, settings, names, senders, clock)
    elif isinstance(provider, Smtp):
        known = mailing.providers.get(provider.name)
        yield from examine_relay(provider, known, names, {each.partition("@")[2].lower() for each in senders})
    elif isinstance(provider, NotSetUp):
        do = "Set it, or take the route out of policy.toml: until then its mails wait."
        yield bad(f"Provider {provider.name}", provider.why, do)


def examine_account(
    account: SendGrid, settings: Settings, names: Names, senders: set[str], clock: Callable[[], datetime]
) -> Examination:
    """All of our account at SendGrid, unless it does not let us in."""
    try:
        scopes = account.look("/v3/scopes")
    except TransientError as error:
        yield unknown("Account", str(error), "Look at NURTURE_SENDGRID_URL and the network of this machine.")
        return
    yield from examine_clock(scopes, clock())
    yield from as_far_as_shown("SendGrid: key", examine_key(lambda _: scopes))
    if scopes.status != 200:
        return
    hook = settings.public_url + "/hooks/sendgrid/events"
    keys = entries("NURTURE_SENDGRID_WEBHOOK_KEYS", settings.sendgrid_webhook_keys)
    yield from as_far_as_shown("SendGrid: senders", examine_senders(account.look, names, senders))
    yield from as_far_as_shown("SendGrid: event webhook", examine_webhook(account.look, hook, keys))
    if not settings.reply_domain:
        do = f"NURTURE_REPLY_DOMAIN and Inbound Parse bring them to us ({SENDGRID})."
        yield warning("Replies", "they go to the sender's own mailbox, and pause nothing", do)
        return
    secrets = entries("NURTURE_INBOUND_SECRET", settings.inbound_secret)
    replies = examine_replies(
        account.look, names, settings.reply_domain.lower(), settings.public_url + "/hooks/sendgrid/inbound/", secrets
    )
    yield from as_far_as_shown("SendGrid: Inbound Parse", replies)


def examine_relay(relay: Smtp, known: Provider | None, names: Names, domains: Iterable[str]) -> Examination:
    """Whether a relay lets us in, and receivers can prove that it may send in our name."""
    subject = f"Relay {relay.name}"
    try:
        relay.knock()
        yield good(subject, "it lets us in")
    except AccountError as error:
        yield bad(subject, str(error), "Correct its entry in NURTURE_SMTP_RELAYS.")
    except TransientError as error:
        yield bad(subject, str(error), "Look at its host and port in NURTURE_SMTP_RELAYS, and at the firewall.")
    for domain in sorted(domains):
        says = "the record that the relay shows you."
        yield from as_far_as_answered(f"SPF of {domain}", examine_spf(names, domain, says))
        for selector in known.dkim if known else ():
            yield from as_far_as_answered(f"DKIM of {domain}", examine_dkim(names, domain, selector))
    if not (known and known.dkim):
        do = f'Name its selectors in policy.toml: email.providers.{relay.name}, dkim = ["…"].'
        yield unknown(f"DKIM of {relay.name}", "under which name its key lies is not known here", do)


def as_far_as_answered(subject: str, examination: Examination) -> Examination:
    """An examination to its end, or to where no name server answers."""
    try:
        yield from examination
    except TransientError as error:
        yield unknown(subject, str(error), "Try again, or name another server in NURTURE_NAME_SERVER.")
