"""The domains that stand behind our name: whether receivers can prove that a mail is ours, and answer it.

Gmail, Yahoo and Outlook want SPF, DKIM and a DMARC record of whoever writes to many
(https://support.google.com/a/answer/81126, https://senders.yahooinc.com/best-practices).
"""

from nurture.doctor import Examination, bad, good, warning
from nurture.doctor.dns_lookup import Names

MAILBOXES_OF_OTHERS = frozenset(
    ("gmail.com", "googlemail.com", "yahoo.com", "outlook.com", "hotmail.com", "live.com", "icloud.com", "qq.com",
     "foxmail.com", "163.com", "126.com", "yeah.net", "sina.com", "aliyun.com")
)  # fmt: skip
POLICIES = ("none", "quarantine", "reject")


def examine_domain(names: Names, domain: str) -> Examination:
    """A domain that stands in From: whose it is, whether it has a DMARC policy, and takes answers."""
    if domain in MAILBOXES_OF_OTHERS:
        yield bad(
            f"Domain {domain}", "its mailboxes belong to others, who forbid that we send in their name",
            "Write from a domain of your own (content/senders.toml).",
        )  # fmt: skip
        return
    yield from examine_dmarc(names, domain)
    yield from examine_mx(names, domain)


def examine_dmarc(names: Names, domain: str) -> Examination:
    """The DMARC record that holds for a domain: its own, or that of a domain above it (RFC 7489, 6.6.3)."""
    subject = f"DMARC of {domain}"
    labels = domain.split(".")
    for above in range(max(1, len(labels) - 1)):
        owner = ".".join(labels[above:])
        records = [text for text in names.txt(f"_dmarc.{owner}") if text.replace(" ", "").startswith("v=DMARC1")]
        if records:
            break
    else:
        yield bad(
            subject, "there is none; Gmail, Yahoo and Outlook refuse mail to many without",
            f'Publish a TXT record at _dmarc.{domain}: "v=DMARC1; p=none; rua=mailto:dmarc@{domain}".',
        )  # fmt: skip
        return
    tags = _tags(records[0])
    policy = tags.get("sp", tags.get("p", "")) if owner != domain else tags.get("p", "")
    if len(records) > 1:
        yield bad(subject, f"there are {len(records)} at _dmarc.{owner}; none of them counts", "Keep one.")
    elif policy.lower() not in POLICIES:
        yield bad(subject, f"its policy is {policy!r}", f"Write p=none, p=quarantine or p=reject at _dmarc.{owner}.")
    elif "rua" not in tags:
        yield warning(
            subject, f"p={policy}, and nobody gets the reports",
            f"Add rua=mailto:… at _dmarc.{owner}: the reports show who sends in your name.",
        )  # fmt: skip
    else:
        yield good(subject, f"p={policy}, of {owner}")


def examine_mx(names: Names, domain: str) -> Examination:
    """Whether somebody takes mail for a domain: answers go there, and some receivers refuse senders without."""
    subject, found = f"MX of {domain}", names.mx(domain)
    if not found or not found[0].host:
        yield bad(
            subject, "nobody takes mail for it: answers would bounce",
            "Publish an MX record, or write from another domain (content/senders.toml).",
        )  # fmt: skip
    else:
        yield good(subject, ", ".join(each.host for each in found[:3]))


def examine_dkim(names: Names, domain: str, selector: str) -> Examination:
    """The public key with which receivers prove what a relay signed (RFC 6376, 3.6.1)."""
    host = f"{selector}._domainkey.{domain}"
    subject, tags = f"DKIM of {domain} ({selector})", [_tags(text) for text in names.txt(host)]
    keys = [each["p"] for each in tags if "p" in each]
    if not keys:
        yield bad(subject, "there is no key", f"Publish the TXT record that the relay shows you at {host}.")
    elif not keys[0]:
        yield bad(subject, "its key was withdrawn (p=)", f"Publish the relay's present key at {host}.")
    else:
        yield good(subject, f"there is a key of {len(keys[0])} characters")


def _tags(record: str) -> dict[str, str]:
    """The ``name=value`` pairs of a record."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, sign, value in pairs if sign}
