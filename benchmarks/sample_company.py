"""Hengchuan Data (衡川数据), an invented company with invented customers: ``python -m benchmarks.sample_company``.

Writes ``content/sample/*.csv``, the same bytes every time. Six months of a factory-data SaaS: most leads do little,
some much; a few rows are bad on purpose (``content/sample/README.md`` says which and why).
"""

import csv
import io
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from benchmarks import sample_by_hand as by_hand
from benchmarks import sample_names as names
from benchmarks.sample_activity import CHINA, activity
from benchmarks.sample_people import Person, companies, lead_row, people

LAST_DAY = "2026-11-20"
"""Nothing later is known: a file with rows from the future would be refused in part."""
FOLDER = Path(__file__).parent.parent / "content" / "sample"
HEADS = {
    "staff": "id,name,email,wecom_userid,title,country,timezone",
    "accounts": "id,name,industry,employees,country,city,plan,maintenance_ends",
    "leads": "id,name,account,owner,email,mobile,wecom_id,role,language,country,timezone,source,lifecycle,"
    "on_hold,disqualified",
    "consents": "lead,scope,action,occurred_at,source,wording,evidence",
    "events": "id,lead,kind,occurred_at,about,source",
}


def stamp(moment: datetime) -> str:
    """Shanghai time, said so."""
    return moment.isoformat(timespec="seconds")


def consent_rows(rng: Random, one: Person) -> list[list[str]]:
    """What the person allowed when we met, with its proof; some allowed nothing, some changed their mind."""
    if rng.random() < 0.1:
        return []
    rows = []
    number = f"{rng.randrange(10_000, 99_999)}"
    if one.email:
        rows.append([one.id, "email", "granted", stamp(one.met), *proof(one, number)])
        if one.company.country == "DE":
            at = one.met + timedelta(minutes=rng.randrange(2, 300))
            rows.append(
                [
                    one.id,
                    "email",
                    "confirmed",
                    stamp(at),
                    "email",
                    "form-2026-03" if one.met.date() >= date(2026, 3, 1) else "form-2025-01",
                    f"link clicked F-{number}",
                ]
            )
    if one.wecom:
        at = one.met + timedelta(minutes=rng.randrange(1, 600))
        rows.append([one.id, "wecom", "granted", stamp(at), "wecom_contact", "wecom-2025-01", f"contact W-{number}"])
    if one.mobile and rng.random() < 0.3:
        rows.append([one.id, "phone", "granted", stamp(one.met), *proof(one, number)])
    if rows and rng.random() < 0.03:
        rows[0][5] = rows[0][6] = ""  # nobody kept the proof
    return rows + withdrawals(rng, one)


def proof(one: Person, number: str) -> list[str]:
    """Source, wording (the version of that time) and evidence of a consent."""
    new = one.met.date() >= date(2026, 3, 1)
    return {
        "fair": ["fair_card", "fair-2026-02" if new else "fair-2025-01", f"signed card K-{number}"],
        "webinar": ["webinar", "webinar-2026-03" if new else "webinar-2025-01", f"registration R-{number}"],
        "sales_visit": ["visit", "visit-2025-01", f"signed form V-{number}"],
    }.get(one.source, ["form", "form-2026-03" if new else "form-2025-01", f"form entry F-{number}"])


def withdrawals(rng: Random, one: Person) -> list[list[str]]:
    """One in sixteen says stop, half of them to everything."""
    if rng.random() > 1 / 16:
        return []
    first = max(one.met + timedelta(days=3), datetime(2026, 5, 4, 9, tzinfo=CHINA))
    days = (datetime(2026, 11, 29, tzinfo=CHINA) - first).days
    at = first + timedelta(days=rng.randrange(max(days, 1)), minutes=rng.randrange(400))
    scope = rng.choice(["all", "email" if one.email else "wecom"])
    return [[one.id, scope, "withdrawn", stamp(at), "preference_page", "", f"click P-{rng.randrange(10**5)}"]]


def consents_until_today(rng: Random, everybody: list[Person]) -> list[list[str]]:
    """Everybody's consents and withdrawals."""
    rows = [row for one in everybody for row in consent_rows(rng, one)] + [list(row) for row in by_hand.CONSENTS]
    return [row for row in rows if row[3][:10] <= LAST_DAY]


def event_rows(everybody: list[Person]) -> list[list[str]]:
    """All interactions in order of time, numbered."""
    rows = [(stamp(at), one.id, kind, about, source) for one in everybody for at, kind, about, source in one.events]
    rows += [(at, lead, kind, about, source) for lead, kind, at, about, source in by_hand.EVENTS]
    return [
        [f"E{number:06}", lead, kind, at, about, source]
        for number, (at, lead, kind, about, source) in enumerate(
            sorted(row for row in rows if row[0][:10] <= LAST_DAY), 1
        )
    ]


def staff_rows() -> list[list[str]]:
    """Our own people."""
    found = []
    for number, (name, handle, title) in enumerate(names.STAFF, 1):
        country = {"S009": "DE", "S010": "US"}.get(f"S{number:03}", "CN")
        email = f"{handle}@hengchuan-data.example"
        found.append([f"S{number:03}", name, email, handle, title, country, names.ZONES[country]])
    return found


def eight_rows() -> list[list[str]]:
    """The leads that are checked by hand, in the columns of leads.csv."""
    return [[*lead[:3], by_hand.OWNER, *lead[3:], "false", "false"] for lead in by_hand.LEADS]


def sample() -> dict[str, list[list[str]]]:
    """Every file's good rows."""
    rng = Random("hengchuan-2026")
    everywhere = companies(rng)
    everybody = people(rng, everywhere)
    for one in everybody:
        did = activity(rng, one.lifecycle, one.met, one.source, one.company.ends)
        unreachable = {"" if one.email else "email", "" if one.wecom else "wecom"}
        one.events = [event for event in did if event[3] not in unreachable]
    return {
        "staff": staff_rows(),
        "accounts": [one.row for one in everywhere] + [list(row) for row in by_hand.ACCOUNTS],
        "leads": [lead_row(rng, one) for one in everybody] + eight_rows(),
        "consents": consents_until_today(rng, everybody),
        "events": event_rows(everybody),
    }


def files() -> dict[str, bytes]:
    """The files, by name, as they are written."""
    found = {}
    for name, rows in sample().items():
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([HEADS[name].split(","), *rows])
        bad = "".join(line + "\n" for line in by_hand.BAD.get(name, []))
        found[f"{name}.csv"] = (text.getvalue() + bad).encode()
    return found


def main() -> None:
    """Write them all."""
    for name, content in files().items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()
