"""What the cells of a file mean: people, their addresses, their consents, and when things happened."""

import hashlib
import hmac
from datetime import date, datetime
from pathlib import Path

import pytest

from models.types import derived_id
from nurture.errors import InputError
from nurture.keys.address_hashes import create_address_key, read_address_key
from tests.support.homes.imports import House, people, summary
from tests.support.small import one_in

NO_DATES = (
    "2026", "03/01/2026", "2026-02-30", "0026-03-01", "12026-01-01", "45000", "infinity", "-infinity", "epoch",
    "2026-03-01 garbage", "2026-03-01 (BC)",
)  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def peopled(house: House) -> House:
    return people(house)


def utc(*parts: int) -> datetime:
    """What DuckDB gives back: UTC, without saying so."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


# -- leads ---------------------------------------------------------------------------------------------


def test_ids_follow_from_external_ids(peopled: House) -> None:
    assert peopled.ask("SELECT id, account_id, owner_id FROM lead WHERE external_id = 'L1'") == [
        (derived_id("lead", "L1"), derived_id("account", "A1"), derived_id("staff", "S1"))
    ]


def test_a_missing_column_leaves_the_value_alone_and_an_empty_cell_clears_it(peopled: House) -> None:
    assert summary(peopled.take("leads", "id,name,email\nL1,张三,\n")) == (1, 0, 1, 0, 0, 0)
    assert peopled.ask(
        "SELECT email, email_hash, mobile, mobile_hash IS NOT NULL FROM lead WHERE external_id = 'L1'"
    ) == [(None, None, "+8613912345678", True)]
    assert ("email", "zhang@example.com") in peopled.ask("SELECT kind, value FROM identity")


@pytest.mark.parametrize("earlier", one_in(3, ["subscriber", "lead", "lapsed"]))
def test_a_file_never_takes_back_what_the_night_made_qualified(peopled: House, earlier: str) -> None:
    lifecycles = "SELECT lifecycle FROM lead ORDER BY external_id"
    peopled.take("leads", f"id,name,lifecycle\nL1,张三,{earlier}\nL2,李四,{earlier}\nL3,Ann,customer\n")
    assert peopled.ask(lifecycles) == [("qualified",), (earlier,), ("customer",)]
    peopled.take("leads", f"id,name,lifecycle\nL1,张三,opportunity\nL2,李四,\nL3,Ann,{earlier}\n")
    assert peopled.ask(lifecycles) == [("opportunity",), (earlier,), (earlier,)]
    peopled.take("leads", "id,name,lifecycle\nL1,张三,qualified\n")
    peopled.take("leads", "id,name,lifecycle\nL1,张三,customer\n")
    assert peopled.ask(lifecycles)[0] == ("customer",)


def test_an_empty_flag_leaves_the_stored_one_alone(peopled: House) -> None:
    peopled.take("leads", "id,name,on_hold\nL1,张三,yes\nL2,李四,\nL3,Ann,1\n")
    peopled.take("leads", "id,name,on_hold\nL1,张三,\nL2,李四,\nL3,Ann,no\n")
    assert peopled.ask("SELECT on_hold FROM lead ORDER BY external_id") == [(True,), (False,), (False,)]


def test_an_email_has_one_spelling(house: House) -> None:
    spellings = {
        "Zhang@Example.COM": "zhang@example.com",
        "ＺＨＡＮＧ＠Example.com": "zhang@example.com",
        " zhang+a@mail.example.com ": "zhang+a@mail.example.com",
        "o'neil@example.com": "o'neil@example.com",
        "a@例子.中国": "a@xn--fsqu00a.xn--fiqs8s",
    }
    house.take("leads", "id,name,email\n" + "".join(f"L{n},a,{text}\n" for n, text in enumerate(spellings)))
    key = bytes.fromhex(house.settings.paths.address_key_file.read_text())
    assert house.ask("SELECT email, email_hash FROM lead ORDER BY external_id") == [
        (email, hmac.new(key, email.encode(), hashlib.sha256).hexdigest()) for email in spellings.values()
    ]


def test_what_is_not_one_email_is_refused(house: House) -> None:
    wrong = [
        "a", "a@b", "a@x.com,b@x.com", "A <a@x.com>", "a b@x.com", "a@x.com\x07", "a\u202e@x.com", "张@qq.com",
        "a@x.local", "a" * 65 + "@x.com", "a..b@x.com", "a@x.com\n",
    ]  # fmt: skip
    rows = "".join(f'L{number},a,"{text}"\n' for number, text in enumerate(wrong))
    report = house.take("leads", "id,name,email\n" + rows)
    assert [row.reason for row in report.refused] == ["email: not one usable address"] * len(wrong)


def test_a_phone_number_has_one_spelling(house: House) -> None:
    spellings = {
        ("13912345678", ""): "+8613912345678",
        ("139 1234-5678", "CN"): "+8613912345678",
        ("008613912345678", "DE"): "+8613912345678",
        ("8613912345678", "中国"): "+8613912345678",
        ("１３９１２３４５６７８", ""): "+8613912345678",
        ("+49 30 901820", ""): "+4930901820",
        ("030 901820", "de"): "+4930901820",
        ("13125551234", "US"): "+13125551234",
        ("(021) 6234-5678", ""): "+862162345678",
    }
    rows = "".join(f"L{number},a,{text},{country}\n" for number, (text, country) in enumerate(spellings))
    house.take("leads", "id,name,mobile,country\n" + rows)
    stored = house.ask("SELECT mobile FROM lead ORDER BY external_id")
    assert [mobile for (mobile,) in stored] == list(spellings.values())


def test_what_is_not_one_phone_number_is_refused(house: House) -> None:
    wrong = ["12345", "13912345678/13800000000", "1.3912E+10", "13912345678 ext 9", "none"]
    report = house.take("leads", "id,name,mobile\n" + "".join(f"L{text[:9]},a,{text}\n" for text in wrong))
    assert [row.reason for row in report.refused] == ["mobile: not one valid phone number"] * len(wrong)


def test_a_stored_country_dials_when_the_file_has_none(house: House) -> None:
    house.take("leads", "id,name,country\nL1,a,US\n")
    house.take("leads", "id,name,mobile\nL1,a,312 555 1234\n")
    assert house.ask("SELECT mobile FROM lead") == [("+13125551234",)]


def test_names_lose_what_would_deceive_the_eye(house: House) -> None:
    house.take("leads", "id,name\nL1,\u202eCafe\u0301\x07\u2066\n")
    assert house.ask("SELECT name FROM lead") == [("Café",)]


# -- the address key -----------------------------------------------------------------------------------


def test_a_missing_or_another_address_key_refuses_the_file(peopled: House) -> None:
    key_file = peopled.settings.paths.address_key_file
    assert key_file.stat().st_mode & 0o077 == 0
    secret = key_file.read_text()
    key_file.unlink()
    with pytest.raises(InputError, match=r"the address key is missing\. Restore it"):
        peopled.take("leads", "id,name\nL9,x\n")
    key_file.write_text("ab" * 32)
    with pytest.raises(InputError, match="another address key"):
        peopled.take("leads", "id,name\nL9,x\n")
    key_file.write_text(secret)
    assert summary(peopled.take("leads", "id,name\nL9,x\n")) == (1, 1, 0, 0, 0, 0)


def test_an_address_key_that_is_already_there_is_used(house: House) -> None:
    house.settings.home.mkdir()
    house.settings.paths.address_key_file.write_text("cd" * 32)
    house.take("leads", "id,name\nL1,x\n")
    assert house.settings.paths.address_key_file.read_text() == "cd" * 32


def test_a_kill_while_the_address_key_is_made_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("nurture.keys.key_file.os.fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            create_address_key(tmp_path / "address.key")
    assert not (tmp_path / "address.key").exists()
    assert create_address_key(tmp_path / "address.key") == read_address_key(tmp_path / "address.key")


def test_an_address_key_is_never_overwritten_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "home" / "address.key"
    key = create_address_key(path)
    with pytest.raises(FileExistsError):
        create_address_key(path)
    assert read_address_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


# -- consents and events -------------------------------------------------------------------------------


def test_people_are_found_by_their_addresses_but_not_by_shared_ones(peopled: House) -> None:
    report = peopled.take(
        "consents",
        "lead,scope,action,occurred_at\n"
        "L1,email,granted,2026-03-01\n"
        "ZHANG＠example.com,wecom,granted,2026-03-01\n"
        "139 1234 5678,phone,granted,2026-03-01\n"
        "wm-1,all,withdrawn,2026-03-01\n"
        "shared@example.com,email,granted,2026-03-01\n"
        "nobody@example.com,email,granted,2026-03-01\n",
    )
    assert [(row.line, row.reason) for row in report.refused] == [
        (6, "lead: points at more than one lead; use the id of one"),
        (7, "lead: no lead has this id or address"),
    ]
    assert peopled.ask("SELECT DISTINCT lead_id FROM consent") == [(derived_id("lead", "L1"),)]
    assert report.added == 4


def test_an_external_id_goes_before_an_address(house: House) -> None:
    house.take("leads", "id,name,email\na@x.com,one,\nL2,two,a@x.com\n")
    house.take("events", "lead,kind,occurred_at\na@x.com,webinar.attended,2026-03-01\n")
    assert house.ask("SELECT lead_id FROM interaction") == [(derived_id("lead", "a@x.com"),)]


def test_a_grant_is_proven_by_source_and_wording_and_a_withdrawal_needs_no_proof(peopled: House) -> None:
    peopled.take(
        "consents",
        "lead,scope,action,occurred_at,source,wording\n"
        "L1,email,granted,2026-03-01,form,I agree\n"
        "L1,email,confirmed,2026-03-02,form,\n"
        "L1,email,withdrawn,2026-03-03,,\n",
    )
    proofs = peopled.ask("SELECT action, proven FROM consent ORDER BY occurred_at")
    assert proofs == [("granted", True), ("confirmed", False), ("withdrawn", True)]


def test_an_undeclared_event_kind_is_refused_with_the_nearest_one(peopled: House) -> None:
    report = peopled.take("events", "lead,kind,occurred_at\nL1,webinar.atended,2026-03-01\nL1,zzz,2026-03-01\n")
    assert [row.reason for row in report.refused] == [
        "kind: not declared in events.toml; did you mean “webinar.attended”?",
        "kind: not declared in events.toml",
    ]


def test_what_lies_in_the_future_is_refused(peopled: House) -> None:
    report = peopled.take("consents", "lead,scope,action,occurred_at\nL1,all,withdrawn,2126-03-01\n")
    assert [row.reason for row in report.refused] == ["occurred_at: lies in the future"]


def test_times_are_understood(peopled: House) -> None:
    times = {
        "2026-03-01": (utc(2026, 2, 28, 16), date(2026, 3, 1)),
        "2026/3/1 9:05": (utc(2026, 3, 1, 1, 5), date(2026, 3, 1)),
        "2026.3.1 00:00:07.25": (utc(2026, 2, 28, 16, 0, 7, 250000), date(2026, 3, 1)),
        "2026年3月1日 23:59:59": (utc(2026, 3, 1, 15, 59, 59), date(2026, 3, 1)),
        "2026-03-01T20:00:00Z": (utc(2026, 3, 1, 20), date(2026, 3, 2)),
        "2026-03-01T20:00:00.123456789+09:30": (utc(2026, 3, 1, 10, 30, 0, 123456), date(2026, 3, 1)),
        "2026-03-01 20:00-0500": (utc(2026, 3, 2, 1), date(2026, 3, 2)),
        "1988-07-01 12:00": (utc(1988, 7, 1, 3), date(1988, 7, 1)),  # China had summer time then
    }
    rows = "".join(f"L1,webinar.attended,{text},{number}\n" for number, text in enumerate(times))
    assert peopled.take("events", "lead,kind,occurred_at,about\n" + rows).refused == ()
    stored = peopled.ask("SELECT occurred_at, occurred_on FROM interaction ORDER BY about")
    assert stored == list(times.values())
    assert peopled.ask("SELECT DISTINCT seen_at FROM interaction") == [(utc(2026, 3, 10, 4),)]


def test_times_that_could_be_misread_are_refused(peopled: House) -> None:
    wrong = [*NO_DATES, "2026-03-01 24:00", "2026-03-01 9:00 PM", "infinity 9:00"]
    rows = "".join(f"L1,webinar.attended,{text}\n" for text in wrong)
    report = peopled.take("events", "lead,kind,occurred_at\n" + rows)
    assert {row.reason for row in report.refused} == {"occurred_at: not a date and time such as 2026-03-01 14:30"}
    assert report.refused_count == len(wrong)


def test_dates_that_could_be_misread_are_refused(house: House) -> None:
    rows = "".join(f"A{number},a,{text}\n" for number, text in enumerate([*NO_DATES, "2026-03-01 9:00"]))
    report = house.take("accounts", "id,name,maintenance_ends\n" + rows)
    assert {row.reason for row in report.refused} == {"maintenance_ends: not a date such as 2026-03-01"}
    assert report.refused_count == len(NO_DATES) + 1


def test_a_business_zone_with_summer_time_has_its_own_dates(tmp_path: Path) -> None:
    house = House(tmp_path, zone="Europe/Berlin")
    house.take("leads", "id,name\nL1,a\n")
    times = {
        "2025-03-30 01:59": utc(2025, 3, 30, 0, 59),
        "2025-03-30 02:30": utc(2025, 3, 30, 1, 30),  # did not occur: the offset before
        "2025-03-30 03:00": utc(2025, 3, 30, 1, 0),
        "2025-07-01 00:00": utc(2025, 6, 30, 22, 0),
        "2025-10-26 02:30": utc(2025, 10, 26, 0, 30),  # occurred twice: the first
        "2025-10-26 03:00": utc(2025, 10, 26, 2, 0),
        "2025-12-31T23:30:00Z": utc(2025, 12, 31, 23, 30),
        "2025-07-31T22:30:00Z": utc(2025, 7, 31, 22, 30),
    }
    rows = "".join(f"L1,webinar.attended,{written}\n" for written in times)
    house.take("events", "lead,kind,occurred_at\n" + rows)
    stored = dict(house.ask("SELECT occurred_at, occurred_on FROM interaction"))
    assert set(stored) == set(times.values())
    assert stored[utc(2025, 6, 30, 22, 0)] == date(2025, 7, 1)
    assert stored[utc(2025, 12, 31, 23, 30)] == date(2026, 1, 1)
    assert stored[utc(2025, 7, 31, 22, 30)] == date(2025, 8, 1)
    assert stored[utc(2025, 10, 26, 2, 0)] == date(2025, 10, 26)


@pytest.mark.parametrize(
    ("written", "stored"),
    one_in(
        3,
        [("中文", "zh-CN"), ("zh-CN", "zh-CN"), ("zh", "zh-CN"), ("en-us", "en-US"), ("ZH_cn", "zh-CN"), ("EN", "en")],
    ),
)
def test_a_language_is_stored_as_its_tag(peopled: House, written: str, stored: str) -> None:
    peopled.take("leads", f"id,name,language\nL77,Ann,{written}\n")
    assert peopled.ask("SELECT language FROM lead WHERE external_id = 'L77'") == [(stored,)]
