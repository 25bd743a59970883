"""The sample company's customers: companies, the people in them, and where each of them can be reached."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from benchmarks import sample_by_hand as by_hand
from benchmarks import sample_names as names
from benchmarks.sample_activity import CHINA, START, Event

ACCOUNTS, LEADS = 300, 2000
LIFECYCLES = {"lead": 1240, "customer": 300, "subscriber": 200, "lapsed": 160, "opportunity": 60, "qualified": 40}
COMPANIES = {"customer": 44, "lapsed": 24, "opportunity": 12}  # the other accounts are prospects


@dataclass
class Company:
    """An account while the sample is being made."""

    number: int
    kind: str
    country: str
    domain: str
    row: list[str]
    ends: date | None = None


@dataclass
class Person:
    """A lead while the sample is being made."""

    id: str
    company: Company
    lifecycle: str
    met: datetime
    source: str
    local: str = ""
    name: str = ""
    email: str = ""
    mobile: str = ""
    wecom: str = ""
    events: list[Event] = field(default_factory=list)


def company(rng: Random, number: int, kind: str, trade: tuple[str, str]) -> Company:
    """One invented company; the trade name is Chinese and Latin."""
    country = rng.choices(names.COUNTRIES, names.COUNTRY_WEIGHTS)[0]
    industry = rng.choice(list(names.INDUSTRIES))
    city = rng.choice(names.CITIES[country].split())
    in_chinese, in_english = names.INDUSTRIES[industry]
    if country == "CN":
        name, domain = f"{city}{trade[0]}{in_chinese}有限公司", f"{trade[1]}.example"
    else:
        words, form = names.TRADE_ABROAD[country]
        first = rng.choice(words.split())
        name, domain = f"{first} {in_english} {form}", f"{first.lower()}{number}.example"
    employees = str(round(10 ** (1.5 + 2 * rng.random())))
    ends = maintenance_ends(rng, kind, number)
    plan = rng.choice(["starter", "professional", "professional", "enterprise"]) if kind == "customer" else ""
    row = [f"A{number:04}", name, industry, employees, country, city, plan, ends.isoformat() if ends else ""]
    return Company(number, kind, country, domain, row, ends)


def maintenance_ends(rng: Random, kind: str, number: int) -> date | None:
    """Customers' ends are spread over 2026-10 to 2027-10; lapsed companies let theirs pass."""
    if kind == "customer":
        return date(2026, 10, 6) + timedelta(days=number * 387 // COMPANIES["customer"])
    return date(2026, 1, 31) + timedelta(days=rng.randrange(110)) if kind == "lapsed" else None


def companies(rng: Random) -> list[Company]:
    """Customers first, then lapsed ones, then those in a sale, then everybody else."""
    kinds = [kind for kind, count in COMPANIES.items() for _ in range(count)]
    count = ACCOUNTS - len(by_hand.ACCOUNTS)
    kinds += ["prospect"] * (count - len(kinds))
    firsts, lasts = names.pairs(names.TRADE_FIRST), names.pairs(names.TRADE_LAST)
    trades = [(first[0] + last[0], first[1] + last[1]) for first in firsts for last in lasts]
    chosen = rng.sample(trades, count)
    return [company(rng, number + 1, kind, chosen[number]) for number, kind in enumerate(kinds)]


def lifecycles(rng: Random) -> list[str]:
    """The exact mix, without the eight, shuffled."""
    mix = dict(LIFECYCLES)
    for row in by_hand.LEADS:
        mix[row[-1]] -= 1
    found = [lifecycle for lifecycle, count in mix.items() for _ in range(count)]
    rng.shuffle(found)
    return found


def people(rng: Random, everybody: list[Company]) -> list[Person]:
    """The leads, each in a company where its lifecycle makes sense."""
    of_kind: dict[str, list[Company]] = {}
    for one in everybody:
        of_kind.setdefault(one.kind, []).append(one)
    spare_mobiles = rng.sample(range(9_000), LEADS)
    found = []
    for number, lifecycle in enumerate(lifecycles(rng), 1):
        kind = lifecycle if lifecycle in COMPANIES else "prospect"
        found.append(person(rng, f"L{number:04}", rng.choice(of_kind[kind]), lifecycle, spare_mobiles[number]))
    without_twins(found)
    return found


def person(rng: Random, lead: str, where: Company, lifecycle: str, mobile: int) -> Person:
    """One lead with a name, a day on which we met and the addresses that we got."""
    old = lifecycle in ("customer", "lapsed", "opportunity") or rng.random() < 0.65
    day = START.date() + timedelta(days=-rng.randrange(1, 420) if old else rng.randrange(205))
    source = rng.choices(names.SOURCES, names.SOURCE_WEIGHTS)[0]
    if source == "fair" and not old:
        day = date.fromisoformat(rng.choice(list(names.FAIRS)))
    met = datetime.combine(day, time(9, tzinfo=CHINA)) + timedelta(minutes=rng.randrange(9 * 60))
    found = Person(lead, where, lifecycle, met, source)
    found.name, found.local = person_name(rng, where.country)
    give_addresses(rng, found, mobile)
    return found


def person_name(rng: Random, country: str) -> tuple[str, str]:
    """A name, and how it stands before the @."""
    if country == "CN":
        surname, given = rng.choice(names.pairs(names.SURNAMES)), rng.choice(names.pairs(names.GIVEN))
        return surname[0] + given[0], f"{surname[1]}.{given[1]}"
    firsts, lasts = names.PEOPLE_ABROAD[country]
    first, last = rng.choice(firsts.split()), rng.choice(lasts.split())
    return f"{first} {last}", f"{first}.{last}".lower()


def give_addresses(rng: Random, one: Person, mobile: int) -> None:
    """In China most have WeCom; abroad it is email; a few gave nothing that we could use."""
    abroad = one.company.country != "CN"
    draw = rng.random()
    if draw < (0.97 if abroad else 0.77):
        shared = one.company.number % 9 == 0 and rng.random() < 0.25
        one.email = f"info@{one.company.domain}" if shared else f"{one.local}@{one.company.domain}"
    if not abroad and (draw < 0.55 or 0.77 <= draw < 0.96):
        one.wecom = f"wmHC{rng.getrandbits(64):016x}"
    if rng.random() < 0.6:
        one.mobile = mobile_number(one.company.country, mobile)


def mobile_number(country: str, number: int) -> str:
    """Only numbers that are plainly invented: one series in China, the fiction ranges of the US and of Germany."""
    if country == "CN":
        return f"1380013{number:04}"
    if country == "US" and number // 100 < len(names.US_AREAS):
        return f"+1{names.US_AREAS[number // 100]}55501{number % 100:02}"
    if country == "DE" and number // 1000 < len(names.DE_FICTION):
        return f"+49{names.DE_FICTION[number // 1000]}{number % 1000:03}"
    return ""


def without_twins(everybody: list[Person]) -> None:
    """Two people of one name in one company do not share a mailbox, unless it is info@."""
    seen: dict[str, int] = {}
    for one in everybody:
        seen[one.email] = seen.get(one.email, 0) + 1
        if one.email and not one.email.startswith("info@") and seen[one.email] > 1:
            one.email = one.email.replace("@", f"{seen[one.email]}@")


def lead_row(rng: Random, one: Person) -> list[str]:
    """The person as the CRM knows them."""
    country = one.company.country
    owner = {"DE": "S009", "US": "S010", "CN": f"S{rng.randrange(2, 9):03}"}.get(country, "S011")
    language = "zh-CN" if country == "CN" and rng.random() < 0.97 else "en"
    role = rng.choices(names.ROLES, names.ROLE_WEIGHTS)[0]
    zone = names.ZONES[country] if rng.random() < 0.95 else ""
    account = "" if one.lifecycle == "subscriber" and rng.random() < 0.1 else one.company.row[0]
    held = "true" if rng.random() < 0.015 else "false"
    dropped = "true" if rng.random() < 0.02 else "false"
    contact = [one.email, one.mobile, one.wecom]
    who = [one.id, one.name, account, owner if rng.random() < 0.95 else ""]
    return [*who, *contact, role, language, country, zone, one.source, one.lifecycle, held, dropped]
