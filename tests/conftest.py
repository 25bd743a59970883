"""What all tests share: a clean environment, and a small house with a real database file."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.server.prefect_server import PrefectHome
from nurture.storage.database import Database, Store
from tests.support.prefect_server import at_server, served
from tests.support.sample_house import import_sample


def pytest_configure() -> None:
    """No setting of the person who runs the tests reaches them; one thread each, or small queries wait for threads."""
    for name in [name for name in os.environ if name.startswith("NURTURE_")]:
        del os.environ[name]
    os.environ["NURTURE_THREADS"] = "1"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store, not yet created."""
    return Store(tmp_path / "home" / "nurture.duckdb", threads=1, lock_wait=0.3)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without rows, made once: making one costs a quarter of a second."""
    path = tmp_path_factory.mktemp("empty") / "nurture.duckdb"
    with Store(path).open(create=True):
        pass
    return path


@pytest.fixture
def database(store: Store, empty_database: Path) -> Iterator[Database]:
    """An open, empty database of this test's own."""
    store.path.parent.mkdir()
    shutil.copy(empty_database, store.path)
    with store.open() as opened:
        yield opened


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the imported sample company; copy it before you change it."""
    home = tmp_path_factory.mktemp("sample") / "home"
    import_sample(home)
    return home


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectHome]:
    """A real Prefect server, started once, to which everything here talks from then on."""
    with served(tmp_path_factory.mktemp("prefect")) as home, at_server(home):
        yield home
