"""Email addresses and phone numbers in one spelling: plain forms in SQL, the odd ones by library.

``ＺＨＡＮＧ＠Example.com`` and ``zhang@example.com`` are one person; so are ``139 1234 5678`` and
``+86-139-1234-5678``. Row by row the libraries would take a minute for a million addresses.
"""

import re
import unicodedata

from nurture.storage.database import Database
from nurture.storage.lookups import build_lookup

PLAIN_EMAIL = r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}"
SPECIAL_DOMAIN = r"\.(arpa|invalid|local|localhost|onion)$"
LONGEST_EMAIL, LONGEST_MAILBOX = 254, 64
SEVERAL_NUMBERS = re.compile(r"[,;/|、，；\n]|\d[eE][+]?\d")
HOME_COUNTRY = "CN"


def plain_email_sql(text: str) -> str:
    """Whether this text is an address that needs no library once it is in lower case."""
    low = f"lower({text})"
    return (
        f"(regexp_full_match({low}, '{PLAIN_EMAIL}') AND length({text}) <= {LONGEST_EMAIL} "
        f"AND strpos({text}, '@') <= {LONGEST_MAILBOX + 1} AND NOT regexp_matches({low}, '{SPECIAL_DOMAIN}'))"
    )


def email_sql(text: str, odd: str) -> str:
    """The address in its one spelling, or NULL; ``odd`` is the joined lookup of the odd ones."""
    return f"CASE WHEN {plain_email_sql(text)} THEN lower({text}) ELSE {odd}.value END"


def one_email(text: str) -> str | None:
    """The same in Python, for addresses that come one by one."""
    low = text.lower()
    plain = re.fullmatch(PLAIN_EMAIL, low) and not re.search(SPECIAL_DOMAIN, low)
    fits = len(text) <= LONGEST_EMAIL and text.find("@") <= LONGEST_MAILBOX
    return low if plain and fits else normal_email(text)


def look_up_odd_emails(database: Database, name: str, texts: str) -> None:
    """Make the lookup ``name`` (text, value) for those of a query's ``text`` that are not plain."""
    odd = f"SELECT text FROM ({texts}) WHERE text IS NOT NULL AND NOT {plain_email_sql('text')}"
    build_lookup(database, name, ("text",), odd, normal_email)


def normal_email(text: str) -> str | None:
    """The address in lower case, full-width letters made plain, the domain in ASCII; None if it is none."""
    folded = unicodedata.normalize("NFKC", text).strip(" ").lower()
    mailbox = folded.partition("@")[0]
    if len(mailbox) > LONGEST_MAILBOX or any(unicodedata.category(letter).startswith("C") for letter in folded):
        return None
    from email_validator import EmailNotValidError, validate_email  # few commands meet an odd address

    try:
        found = validate_email(folded, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError:
        return None
    return found.ascii_email.lower() if found.ascii_email else None


def plain_mobile_sql(text: str, country: str) -> str:
    """The number in E.164 if it is plain (Chinese, or E.164 of elsewhere), else NULL."""
    digits = rf"regexp_replace({text}, '[\s-]', '', 'g')"
    return (
        rf"CASE WHEN regexp_full_match({digits}, '(\+86|0086)1[3-9]\d{{9}}') OR ({country} = '{HOME_COUNTRY}' "
        rf"AND regexp_full_match({digits}, '(86)?1[3-9]\d{{9}}')) THEN '+86' || right({digits}, 11) "
        rf"WHEN regexp_full_match({digits}, '\+[1-9]\d{{7,14}}') AND NOT starts_with({digits}, '+86') "
        rf"THEN {digits} END"
    )


def mobile_sql(text: str, country: str, odd: str) -> str:
    """The number in E.164, or NULL; ``odd`` is the joined lookup of the odd ones."""
    return f"coalesce({plain_mobile_sql(text, country)}, {odd}.value)"


def look_up_odd_mobiles(database: Database, name: str, texts: str) -> None:
    """Make the lookup ``name`` (text, country, value) for those of a query's pairs that are not plain."""
    plain = plain_mobile_sql("text", "country")
    odd = f"SELECT text, country FROM ({texts}) WHERE text IS NOT NULL AND ({plain}) IS NULL"
    build_lookup(database, name, ("text", "country"), odd, normal_mobile)


def normal_mobile(text: str, country: str) -> str | None:
    """The one valid number that this text is, in E.164, as dialled in this country; None if it is none."""
    folded = unicodedata.normalize("NFKC", text).strip()
    if SEVERAL_NUMBERS.search(folded):
        return None
    import phonenumbers  # few commands meet an odd number

    try:
        number = phonenumbers.parse(folded, country)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
