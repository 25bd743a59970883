"""Files from outside: what can be read, which rows are taken in, and what nobody loses."""

import csv
import tracemalloc
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from nurture.errors import InputError
from nurture.imports.import_file import import_file
from nurture.imports.layouts import FileKind
from nurture.imports.sources.csv_rows import open_source
from nurture.imports.sources.staging import staged
from tests.support.homes.imports import EVENTS, NOW, House, people, summary


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def peopled(house: House) -> House:
    return people(house)


# -- reading -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8", ","), ("utf-8-sig", ";"), ("utf-16", "\t"), ("gbk", "|"), ("gb18030", ","), ("gbk", ";")],
)
def test_encodings_and_delimiters_are_found_out(house: House, encoding: str, delimiter: str) -> None:
    text = "编号,公司名称,行业,城市\nA1,北京甲公司,机械制造,北京\nA2,上海乙公司,,上海\n".replace(",", delimiter)
    assert summary(house.take("accounts", text.encode(encoding))) == (2, 2, 0, 0, 0, 0)
    assert house.ask("SELECT external_id, name, industry, city FROM account ORDER BY 1") == [
        ("A1", "北京甲公司", "机械制造", "北京"),
        ("A2", "上海乙公司", None, "上海"),
    ]


def test_header_names_may_be_in_any_case_and_blank_lines_and_newlines_of_any_kind(house: House) -> None:
    report = house.take("accounts", b"\r\n ID ;Name; Comment\rA1;a;x\r\n\nA2;b;y\n;;\nA3;c;z")
    assert summary(report) == (3, 3, 0, 0, 0, 0)
    assert report.ignored_columns == ("Comment",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n", "empty"),
        (b"PK\x03\x04\x14\x00\x06", "save it as CSV"),
        (b"\n<!DOCTYPE html><html><body>Log in</body>", "web page"),
        ("<html><table>".encode("utf-16"), "web page"),
        (b"id,name\nA1,a\nA2,\x00b\n", ":3: a NUL"),
        ("id,name\nA1,a\n".encode("utf-16")[2:], ":1: a NUL"),
        (b"id,name\nA1,Caf\xe9\nA2,x\n", ":2: byte 14 is neither"),
        ("id,name\nA1,Müller\nA2,Jürgen Weiß\nA3,Köln\n".encode("latin-1") + b"A4,\xfc\n", "neither|Western"),
        ("id,name\nA1,Müller\nA2,Jäger\nA3,Köln\n".encode("latin-1"), "Western"),
        (b"id,name\nA1," + b"x" * 5_000_000 + b"\n", ":2: a cell of over 1 MB; a quote"),
        (b'id,name\nA0,b\nA1,"' + b"x,y\n" * 1_250_000, ":3: a cell of over 1 MB; a quote"),
        (b'id,name\nA0,b\nA1,"abc\nA2,d\n', ":3: a quote in the row that starts here is never closed"),
        (b"x" * 200_000, "does not look like a header"),
        (b"id,title\nA1,x\n", "missing columns: name. Found: id; not known: column 2"),
        (b"id,name,NAME\nA1,x,y\n", "columns 2 and 3 are both name"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_whole(house: House, content: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        house.take("accounts", content)
    assert not house.store.path.exists()


def test_a_missing_file_is_named(house: House) -> None:
    with pytest.raises(InputError, match=r"none\.csv: no such file"):
        import_file(house.store, house.settings, FileKind.LEADS, house.home / "none.csv", now=NOW, events=EVENTS)


def test_a_first_row_of_data_is_not_repeated_in_the_error(house: House) -> None:
    with pytest.raises(InputError) as refusal:
        house.take("leads", "L1,Zhang San,zhang@example.com\n")
    assert "hang" not in str(refusal.value).replace("changed", "")


def test_progress_is_told_at_least_every_64_kb(house: House) -> None:
    told: list[tuple[int, int]] = []
    path = house.home / "a.csv"
    path.write_text("id,name\n" + "".join(f"A{number},a\n" for number in range(30_000)))
    import_file(
        house.store,
        house.settings,
        FileKind.ACCOUNTS,
        path,
        now=NOW,
        events=EVENTS,
        progress=lambda done, total: told.append((done, total)),
    )
    steps = [later[0] - earlier[0] for earlier, later in zip([(0, 0), *told], told, strict=False)]
    assert max(steps) <= 65536
    assert told[-1] == (path.stat().st_size, path.stat().st_size)


# -- rows ----------------------------------------------------------------------------------------------


def test_bad_rows_are_left_out_with_their_physical_line(house: House) -> None:
    report = house.take(
        "accounts",
        "id,name,employees,maintenance_ends\n"
        'A1,"two\nlines",7,2026-03-01\n'  # lines 2 and 3
        "A2,b,many,2026/3/1\n"
        "A3,c\n"
        ",d,1,2026.3.1\n"
        'A5,"e"e,1,\n'
        'A6,f,"1,200",2026年3月1日\n'
        "A7,g,1,2026-02-30\n",
    )
    assert [(row.line, row.reason) for row in report.refused] == [
        (4, "employees: not a whole number"),
        (5, "2 cells, but the header has 4"),
        (6, "id: missing"),
        (7, "a quote inside a quoted cell must be written twice"),
        (9, "maintenance_ends: not a date such as 2026-03-01"),
    ]
    assert house.ask("SELECT external_id, name, employees, maintenance_ends FROM account ORDER BY 1") == [
        ("A1", "twolines", 7, date(2026, 3, 1)),
        ("A6", "f", 1200, date(2026, 3, 1)),
    ]


def test_refused_rows_are_kept_with_their_cells_but_without_formulas(house: House) -> None:
    report = house.take("accounts", "id,name,employees,note\nA1,a,=1+1,@x\nA2,b,2,\nA3,+c\n")
    assert report.refused_file is not None
    assert report.refused_file.parent == house.settings.home / "refused"
    with report.refused_file.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [
            ["line", "reason", "id", "name", "employees", "note"],
            ["2", "employees: not a whole number", "A1", "a", "'=1+1", "'@x"],
            ["4", "2 cells, but the header has 4", "A3", "'+c"],
        ]


def test_a_corrected_refused_file_can_be_imported(peopled: House) -> None:
    first = peopled.take("leads", "id,name,account,mobile\nL9,x,A9,+86 139-0000-0009\n")
    assert first.refused_file is not None
    corrected = first.refused_file.read_bytes().replace(b",A9,", b",A1,")
    assert b"'+86" in corrected
    assert summary(peopled.take("leads", corrected, "corrected.csv")) == (1, 1, 0, 0, 0, 0)
    assert peopled.ask("SELECT mobile FROM lead WHERE external_id = 'L9'") == [("+8613900000009",)]


def test_a_refusal_says_which_column_and_why_but_never_an_address(peopled: House) -> None:
    report = peopled.take(
        "leads",
        "id,name,account,owner,email,mobile,wecom_id,role,country,timezone,lifecycle,on_hold\n"
        "L10,a,A9,zhang@x.com,a@x.com;b@x.com,13912,w w,boss,Atlantis,Mars/Base,new,maybe\n"
        'L11,b,,,"a@x.com\nBcc: c@x.com",139123456789,,,,,,\n'
        "L12,,,,,,,,,,,\n",
    )
    first, second, third = (row.reason for row in report.refused)
    assert first.split("; ") == [
        "account: “A9” is not known",
        "import accounts first",
        "owner: is not known",
        "import staff first",
        "email: not one usable address",
        "mobile: not one valid phone number",
        "wecom_id: spaces in it, or longer than 128 characters",
        "role: not one of decision_maker, champion, user, technical, procurement, finance",
        "country: not a two-letter country code such as CN",
        "timezone: not a time zone such as Asia/Shanghai",
        "lifecycle: not one of subscriber, lead, qualified, opportunity, customer, lapsed",
        "on_hold: neither yes nor no",
    ]
    assert second == "email: not one usable address; mobile: not one valid phone number"
    assert third == "name: missing"
    assert [row.line for row in report.refused] == [2, 3, 5]


# -- keys ----------------------------------------------------------------------------------------------


def test_an_exactly_repeated_row_counts_once(house: House) -> None:
    report = house.take("leads", "id,name,email\nL1,a,A@x.com\nL2,b,\nL1,a,a@X.com\n")
    assert summary(report) == (3, 2, 0, 0, 1, 0)


def test_contradicting_rows_refuse_the_file(house: House) -> None:
    house.take("accounts", "id,name\nA0,z\n")
    with pytest.raises(InputError, match=r"leads\.csv:5: the same id “L1” as in line 2, but different contents"):
        house.take("leads", "id,name\nL1,a\nL2,b\nL1,a\nL1,b\n")
    assert house.counts() == (0, 0, 0)


def test_the_same_file_twice_changes_nothing(peopled: House) -> None:
    files = {
        "staff": "id,name\nS1,王芳\n",
        "accounts": "id,name\nA1,甲公司\n",
        "leads": (peopled.home / "leads.csv").read_text(),
        "consents": "lead,scope,action,occurred_at\nL1,email,granted,2026-03-01\n",
        "events": "lead,kind,occurred_at\nL1,webinar.attended,2026-03-01\nL2,content.downloaded,2026-03-01 9:00\n",
    }
    for kind, content in files.items():
        peopled.take(kind, content)
    before = peopled.ask("FROM lead ORDER BY id"), peopled.counts()
    for kind, content in files.items():
        report = peopled.take(kind, content)
        assert (report.added, report.changed, report.refused_count) == (0, 0, 0)
        assert report.unchanged == report.rows
    assert (peopled.ask("FROM lead ORDER BY id"), peopled.counts()) == before


def test_an_exception_in_the_middle_leaves_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the disk is full")

    house.take("accounts", "id,name\nA1,a\n")
    with monkeypatch.context() as patched:
        patched.setattr("nurture.imports.import_file.write_identities", fail)
        with pytest.raises(RuntimeError):
            house.take("leads", "id,name,email\nL1,a,a@x.com\n")
    assert house.counts() == (0, 0, 0)
    assert summary(house.take("leads", "id,name,email\nL1,a,a@x.com\n")) == (1, 1, 0, 0, 0, 0)


# -- size ----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_large_file_is_read_in_little_memory(house: House) -> None:
    path = house.home / "leads.csv"
    with path.open("w") as file:
        file.write("id,name,email\n")
        file.writelines(f"L{number},张三,user{number}@example.com\n" for number in range(200_000))
    tracemalloc.start()
    with staged(open_source(path, FileKind.LEADS), house.home, lambda done, total: None):
        _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000_000
    report = import_file(house.store, house.settings, FileKind.LEADS, path, now=NOW, events=EVENTS)
    assert summary(report) == (200_000, 200_000, 0, 0, 0, 0)
    assert isinstance(house.ask("SELECT id FROM lead LIMIT 1")[0][0], UUID)
