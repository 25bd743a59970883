"""The one DuckDB file: opened late, closed early, migrated when older, refused when newer.

DuckDB lets one process in and nobody else, not even to read. So whoever needs the file waits for it with
growing pauses, and after ``lock_wait`` seconds learns who holds it. Nothing holds it while it talks to a network.
"""

import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from nurture.errors import StoreBusy, StoreError
from nurture.settings import Settings
from nurture.storage.migrations import migrate

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlmodel import Session

Record = tuple[Any, ...]

FAILS_ON_DISK = (duckdb.OperationalError, duckdb.InternalError, duckdb.FatalException)
"""What DuckDB raises when it cannot write, or cannot read what it wrote."""

FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.5
HOLDER_IN_MESSAGE = re.compile(r"Conflicting lock is held in .*?\(PID (\d+)\)", re.DOTALL)


@dataclass(frozen=True)
class Database:
    """An open database: one connection, plain SQL over sets. Outside a transaction, each statement is its own."""

    connection: Connection

    def run(self, sql: str) -> int:
        """Execute a statement; the number of rows it wrote (0 when it wrote none)."""
        with self.transaction():
            result = self._driver.execute(sql)
            count = result.fetchone() if result.description and result.description[0][0] == "Count" else None
            return int(count[0]) if count else 0

    def rows(self, sql: str) -> list[Record]:
        """All rows of one query."""
        with self.transaction():
            found: list[Record] = self._driver.execute(sql).fetchall()
            return found

    def one(self, sql: str) -> Record:
        """The only row of one query."""
        (row,) = self.rows(sql)
        return row

    def arrow(self, sql: str) -> "pa.Table":
        """All rows of one query, as an Arrow table."""
        with self.transaction():
            return self._driver.execute(sql).to_arrow_table()

    def make(self, name: str, query: str) -> int:
        """Make a temporary table of a query's rows, in place of an earlier one; the number of its rows."""
        return self.run(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")

    def table(self, name: str, data: "pa.Table") -> None:
        """Make a temporary table from an Arrow table."""
        self._driver.register("arrow_data", data)
        self.make(name, "SELECT * FROM arrow_data")
        self._driver.unregister("arrow_data")

    @property
    def _driver(self) -> Any:
        """DuckDB's own connection: the dialect reads through every statement, which costs more than small ones do."""
        return self.connection.connection.dbapi_connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing of it; inside a trial it is a part of the trial."""
        if self.connection.in_transaction():
            yield
            return
        with self.connection.begin():
            yield

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Whatever happens inside the block is undone at its end."""
        transaction = self.connection.begin()
        try:
            yield
        finally:
            transaction.rollback()

    @contextmanager
    def session(self) -> Iterator["Session"]:
        """A SQLModel session on this connection, for single rows; commits at the end."""
        from sqlmodel import Session  # most commands need no table, and would wait for it

        with Session(self.connection) as session:
            yield session
            session.commit()


@contextmanager
def in_memory() -> Iterator[Database]:
    """An empty database that is gone at the end of the block, for questions that need no data."""
    with create_engine("duckdb:///:memory:", poolclass=NullPool).connect() as connection:
        yield Database(connection)


@dataclass(frozen=True)
class Store:
    """Where the database lies and how to open it."""

    path: Path
    zone: str = "Asia/Shanghai"
    memory: str = "2GB"
    threads: int = 2
    lock_wait: float = 20.0

    @classmethod
    def of(cls, settings: Settings) -> "Store":
        """The store that these settings name."""
        return cls(settings.paths.database, settings.zone, settings.memory, settings.threads, settings.lock_wait)

    @contextmanager
    def open(self, *, create: bool = False) -> Iterator[Database]:
        """The database, migrated to this version's schema; closed at the end of the block.

        Raises:
            StoreError: there is no database (and ``create`` is false), or it belongs to another business zone.
            StoreBusy: another process held it for longer than ``lock_wait``; names the process.
            SchemaError: it was made by a newer Nurture.
        """
        if create:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        elif not self.path.exists():
            raise StoreError(f"{self.path}: no database yet. Start with `nurture import staff FILE`.")
        engine = self._engine()
        try:
            with self._connect(engine) as connection:
                database = Database(connection)
                with database.transaction():
                    migrate(database, self.path, self.zone)
                yield database
        except RuntimeError as error:
            if "Query interrupted" not in str(error):
                raise
            raise KeyboardInterrupt from None  # Ctrl-C in the middle of a statement
        except (*FAILS_ON_DISK, DBAPIError) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            if not isinstance(cause, FAILS_ON_DISK):
                raise
            raise StoreError(
                f"{self.path}: {str(cause).splitlines()[0]} What was begun is undone. If the disk is full, free some "
                "space and run it again; if the file is damaged, restore a backup."
            ) from error

    def _engine(self) -> Engine:
        config = {
            "memory_limit": self.memory,
            "threads": self.threads,
            "temp_directory": str(self.path.parent / "tmp"),
            "preserve_insertion_order": False,
        }
        return create_engine(
            URL.create("duckdb", database=str(self.path)), poolclass=NullPool, connect_args={"config": config}
        )

    def _connect(self, engine: Engine) -> Connection:
        deadline = time.monotonic() + self.lock_wait
        pause = FIRST_PAUSE
        while True:
            try:
                return engine.connect()
            except DBAPIError as error:
                holder = HOLDER_IN_MESSAGE.search(str(error))
                if not holder:
                    raise StoreError(
                        f"{self.path}: cannot be opened as a database ({error.orig}). Nothing was changed; "
                        "restore a backup, or move the file away to start anew."
                    ) from error
                if time.monotonic() >= deadline:
                    raise StoreBusy(
                        f"{self.path}: in use by {describe_process(int(holder[1]))}. Waited {self.lock_wait:g} s; "
                        "try again when it has finished."
                    ) from error
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads waiters, decides nothing
            pause = min(pause * 2, LONGEST_PAUSE)


def describe_process(pid: int) -> str:
    """``process 4711 (nurture run)``, as well as this machine can tell."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return f"process {pid}"
    command = " ".join(Path(word).name if index < 2 else word for index, word in enumerate(words) if word)
    return f"process {pid} ({command[:80]})"
