"""Mails that come in, read: who wrote, to which message, whether a person did, and what the first line says.

Attachments are never opened, and nothing is believed of ``From``: the signed address that a mail came to says to which
message it belongs.
"""

import re
import unicodedata
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.utils import parseaddr
from hashlib import sha256
from html.parser import HTMLParser

from nurture.content.reply_rules import Replies

LONGEST_BODY = 8000
LONGEST_HEADER = 10_000
"""Characters of a header that are read: an honest one has far fewer, and hostile ones take long."""

PRECEDENCES = ("bulk", "auto_reply", "junk", "list")
QUOTED = re.compile(r"^\s*[>|＞]")
EARLIER = re.compile(
    r"^\s*(-{2,}\s*(original message|原始邮件|forwarded message|转发邮件)|on .{5,200} wrote:|在?.{5,100}写道[:：]"
    r"|from: .+|发件人[:：].+|_{10,})",
    re.IGNORECASE,
)
PROVIDER_ID = re.compile(r"<([A-Za-z0-9_-]{16,64})@")


@dataclass(frozen=True, slots=True)
class Mail:
    """What matters of a mail. ``answers`` are what it answers to, as the provider calls it; ``key`` tells it apart."""

    key: str
    sender: str
    subject: str
    body: str
    automatic: bool
    recipients: tuple[str, ...]
    answers: tuple[str, ...]

    @property
    def first_line(self) -> str:
        """The first line that is no quotation."""
        lines = (line.strip() for line in self.body.splitlines())
        return next((line for line in lines if line and not QUOTED.match(line)), "")


def _beginning(name: str, value: str) -> str:
    """A header object, made of the beginning of what it says."""
    header: str = policy.default.header_factory(name, value[:LONGEST_HEADER])
    return header


READING = policy.default.clone(header_factory=_beginning)


def read_mail(raw: bytes, envelope_from: str, words: Replies) -> Mail:
    """Read a mail; one that cannot be understood has an empty body, and its headers as far as they go."""
    try:
        message = BytesParser(policy=READING).parsebytes(raw)
        body = _body(message)
    except Exception:  # the parser of the standard library raises anything on hostile mails
        message, body = EmailMessage(), ""
    subject = _header(message, "Subject")
    recipients = tuple(
        _address(address) for name in ("To", "Cc", "Delivered-To") for address in _header(message, name).split(",")
    )
    answered = f"{_header(message, 'In-Reply-To')} {_header(message, 'References')}"
    known = _header(message, "Message-ID").strip() or sha256(raw).hexdigest()
    automatic = _is_automatic(message, envelope_from, subject, words)
    answers = tuple(PROVIDER_ID.findall(answered))
    return Mail(known, _address(_header(message, "From")), subject[:300], body, automatic, recipients, answers)


def _is_automatic(message: EmailMessage, envelope_from: str, subject: str, words: Replies) -> bool:
    """Whether a machine wrote it: an absence note, a bounce, a list, or we ourselves."""
    if _header(message, "Auto-Submitted").partition(";")[0].strip().lower() not in ("", "no"):
        return True
    if any(_header(message, name) for name in ("X-Auto-Response-Suppress", "X-Autoreply", "X-Autorespond", "List-Id")):
        return True
    if _header(message, "Precedence").strip().lower() in PRECEDENCES:
        return True
    if envelope_from.strip() in ("", "<>") or envelope_from.lower().startswith(("mailer-daemon@", "postmaster@")):
        return True
    if message.get_content_type() == "multipart/report":
        return True
    low = unicodedata.normalize("NFKC", subject).strip().lower()
    return low.startswith(tuple(word.lower() for word in words.automatic))


def leaves(mail: Mail, words: Replies) -> str | None:
    """How far a mail's first line withdraws: ``email``, ``all``, or not at all."""
    said = _plain(mail.first_line)
    if said and said in {_plain(word) for word in words.leave_all}:
        return "all"
    return "email" if said and said in {_plain(word) for word in words.leave} else None


def _plain(line: str) -> str:
    folded = unicodedata.normalize("NFKC", line).casefold()
    return " ".join(re.sub(r"[^\w\s-]", " ", folded).split())


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message.get(name, "")).split())
    except Exception:  # a header is parsed when it is read
        return ""


def _address(header: str) -> str:
    try:
        return parseaddr(header)[1]
    except RecursionError:  # brackets in brackets in brackets
        return ""


def _body(message: EmailMessage) -> str:
    """The text of a mail, up to where an earlier one begins."""
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    raw = part.get_payload(decode=True)
    text = raw.decode(_charset(part), "replace") if isinstance(raw, bytes) else str(raw or "")
    if part.get_content_subtype() == "html":
        text = _text_of(text)
    kept = []
    for line in text[: LONGEST_BODY * 4].replace("\r", "").split("\n"):
        if EARLIER.match(line):
            break
        kept.append(line)
    written = "\n".join(kept).strip()
    return "".join(letter for letter in written if letter in "\n\t" or letter.isprintable())[:LONGEST_BODY]


def _charset(part: MIMEPart) -> str:
    name = str(part.get_content_charset() or "utf-8")
    name = "gb18030" if name.lower() in ("gb2312", "gbk") else name
    try:
        "".encode(name)
    except LookupError:
        return "utf-8"
    return name


class _Text(HTMLParser):
    """Collects what an HTML mail says."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Blocks begin lines; quotations are marked as such; scripts and styles say nothing."""
        self._silent += tag in ("script", "style", "blockquote", "head")
        if tag in ("p", "div", "br", "li", "tr"):
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """What was silent ends."""
        if tag in ("script", "style", "blockquote", "head"):
            self._silent = max(0, self._silent - 1)

    def handle_data(self, data: str) -> None:
        """Words."""
        if not self._silent:
            self.said.append(" ".join(data.split()))


def _text_of(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    return "".join(parser.said)
