"""A home folder with a database for the tests of intake, and short words for what they do with it."""

from datetime import UTC, datetime
from pathlib import Path

from nurture.imports.import_file import import_file
from nurture.imports.layouts import FileKind
from nurture.imports.report import ImportReport
from nurture.settings import Settings
from nurture.storage.database import Store

NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
EVENTS = frozenset({"webinar.attended", "content.downloaded"})


class House:
    """A home folder with its database, and short words for what the tests do with it."""

    def __init__(self, home: Path, zone: str = "Asia/Shanghai") -> None:
        self.home = home
        self.settings = Settings(home=home / "var", zone=zone)
        self.store = Store.of(self.settings)

    def take(self, kind: str, content: str | bytes, name: str | None = None) -> ImportReport:
        path = self.home / (name or f"{kind}.csv")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return import_file(self.store, self.settings, FileKind(kind), path, now=NOW, events=EVENTS)

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        with self.store.open() as database:
            return [tuple(row) for row in database.rows(sql)]

    def counts(self) -> tuple[int, int, int]:
        tables = ("lead", "identity", "interaction")
        return tuple(int(self.ask(f"SELECT count(*) FROM {table}")[0][0]) for table in tables)


def people(house: House) -> House:
    """An employee, an account and three leads; the last two share a mailbox."""
    house.take("staff", "id,name\nS1,王芳\n")
    house.take("accounts", "id,name\nA1,甲公司\n")
    house.take(
        "leads",
        "id,name,account,owner,email,mobile,wecom_id,lifecycle\n"
        "L1,张三,A1,S1,zhang@example.com,13912345678,wm-1,qualified\n"
        "L2,李四,A1,,shared@example.com,,,\n"
        "L3,Ann,,,shared@example.com,,,lead\n",
    )
    return house


def summary(report: ImportReport) -> tuple[int, int, int, int, int, int]:
    assert report.rows == (report.added + report.changed + report.unchanged + report.repeated + report.refused_count)
    return (
        report.rows,
        report.added,
        report.changed,
        report.unchanged,
        report.repeated,
        report.refused_count,
    )
