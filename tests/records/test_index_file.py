"""The index's file: where it is, and what happens to it."""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import types
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from archspec.errors import RecordsError
from archspec.records.index import Index, opening, placing
from archspec.records.index.placing import MEMORY, is_on_network, url_of
from archspec.records.index.tables import SCHEMA
from archspec.records.knowing import known
from tests.records.samples import on_a_disk_of_its_own
from tests.records.stores import finished_run, key, planned_run

pytestmark = pytest.mark.usefixtures("quick_disk")

NAME = f"index-{SCHEMA}.sqlite"
KEYS = [key(number) for number in range(8)]


def fill(file: Path) -> None:
    """A database of somebody else."""
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE runs (mine TEXT)")
        connection.execute("INSERT INTO runs VALUES ('precious')")
    connection.close()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    store = tmp_path / "store"
    for number in range(8):
        finished_run(store, number)
    return store


def states(store: Path, url: str | None = None) -> set[str]:
    """The states of the store's runs, as a freshly opened index has them."""
    with Index.open(store, url) as index:
        return {run.state for run in index.known(KEYS).values()}


def test_it_lies_beside_the_runs_and_travels_with_them(store: Path, tmp_path: Path) -> None:
    assert states(store) == {"done"}
    assert (store / NAME).is_file()
    store.rename(tmp_path / "moved")
    with Index.at(tmp_path / "moved") as index:
        assert index.refresh() == 0


def test_a_deleted_index_is_made_again(store: Path) -> None:
    with Index.open(store) as index:
        for file in store.glob("index-*"):
            file.unlink()
        assert states(store) == {"done"}
        finished_run(store, 9)
        assert index.refresh() == 1
        assert index.known([key(9)])[key(9)].state == "done"
    assert states(store) == {"done"}


def cut_to(size: int) -> Callable[[Path], object]:
    return lambda file: os.truncate(file, size)


def garbage(file: Path) -> None:
    file.write_bytes(b"no database at all " * 1000)


def overwritten(file: Path) -> None:
    """The pages in the middle hold something else."""
    with file.open("r+b") as content:
        content.seek(4096)
        content.write(b"\xff" * (file.stat().st_size - 8192))


def without_a_name(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE about")
    connection.close()


def without_a_table(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE runs")
    connection.close()


@pytest.mark.parametrize(
    "harm", [cut_to(0), cut_to(50), cut_to(5000), cut_to(40960), garbage, overwritten, without_a_table, without_a_name]
)
def test_a_damaged_index_is_replaced(store: Path, harm: Callable[[Path], object]) -> None:
    assert states(store) == {"done"}
    harm(store / NAME)
    with Index.open(store) as index:
        assert index.known(KEYS) == {run: known(planned_run(store, number)) for number, run in enumerate(KEYS)}
        assert index.place == str(store / NAME)
        assert [len(points) for points in index.curves(KEYS).values()] == [3] * 8
    with Index.at(store) as index:
        assert index.refresh() == 0, "the new one was kept"


def test_it_is_harmed_while_it_is_open(store: Path) -> None:
    with Index.open(store) as index:
        index.engine.dispose()
        garbage(store / NAME)
        assert index.known(KEYS)[KEYS[0]].state == "done"
        assert not index.trouble


def test_whoever_cannot_write_to_it_does_without(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert states(store) == {"done"}
    finished_run(store, 9)
    monkeypatch.setattr(opening, "PATIENCE", 0.01)
    blocker = sqlite3.connect(store / NAME, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        with Index.open(store) as index:
            assert index.known([key(9)])[key(9)].state == "done"
            assert index.place == "memory"
            assert "locked" in index.trouble
    finally:
        blocker.close()
    assert states(store) == {"done"}


def test_a_store_that_cannot_be_written_has_its_index_in_the_cache(tmp_path: Path) -> None:
    code = """
        import os, subprocess, sys
        from pathlib import Path
        from archspec.records.index import Index
        from tests.records.stores import finished_run, key
        store = Path(sys.argv[1]) / "store"
        finished_run(store, 1)
        subprocess.run(["mount", "-o", "remount,ro", sys.argv[1]], check=True)
        os.environ["XDG_CACHE_HOME"] = sys.argv[2]
        for expected in (1, 0):
            with Index.at(store) as index:
                assert index.refresh() == expected
                assert index.known([key(1)])[key(1)].state == "done"
                assert Path(sys.argv[2]) in Path(index.place).parents, index.place
                assert not index.trouble
        print("read")
    """
    assert on_a_disk_of_its_own("2m", code, tmp_path / "disk", tmp_path / "cache") == "read"


def test_a_full_disk_is_done_without(tmp_path: Path) -> None:
    code = """
        import os, sys
        from pathlib import Path
        from archspec.records.index import Index
        from tests.records.stores import finished_run, key
        store = Path(sys.argv[1]) / "store"
        finished_run(store, 1)
        with open(Path(sys.argv[1]) / "big", "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        with Index.open(store) as index:
            assert index.known([key(1)])[key(1)].state == "done"
            assert index.place == "memory", index.place
        print("read")
    """
    assert on_a_disk_of_its_own("1m", code, tmp_path / "disk") == "read"


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert states(tmp_path / "none") == {"planned"}
    assert not (tmp_path / "none").exists()


def test_the_environment_names_a_file_or_a_database(
    store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ARCHSPEC_INDEX", str(tmp_path / "mine.db"))
    assert states(store) == {"done"}
    assert (tmp_path / "mine.db").is_file()
    assert not (store / NAME).exists()
    monkeypatch.setenv("ARCHSPEC_INDEX", "postgres://me@host/runs")
    assert url_of(store) == "postgresql+psycopg://me@host/runs"
    assert url_of(store, "sqlite:///elsewhere.db") == "sqlite:///elsewhere.db"
    with pytest.raises(RecordsError, match="give postgresql://"):
        url_of(store, "mysql://host/runs")


@pytest.mark.parametrize("make", [fill, lambda file: file.write_text("not a database, but precious\n" * 99)])
def test_a_file_of_somebody_else_is_left_alone(store: Path, tmp_path: Path, make: Callable[[Path], object]) -> None:
    file = tmp_path / "mine.db"
    make(file)
    before = file.read_bytes()
    for use in (lambda: Index.open(store, str(file)), lambda: Index.at(store, str(file)).rebuild()):
        with pytest.raises(RecordsError, match="of its own"):
            use()
    assert b"precious" in file.read_bytes()
    assert len(file.read_bytes()) == len(before)


MOUNTS = r"""
/dev/sda1 / ext4 rw 0 0
server:/net /net nfs4 rw 0 0
/dev/sdb1 /net/local xfs rw 0 0
lustre@tcp:/fs /parallel lustre rw 0 0
user@host: /far\040away fuse.sshfs rw 0 0
tmpfs /net/local/covered tmpfs rw 0 0
server:/more /net/local/covered nfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "network"),
    [
        ("/", False),
        ("/var/lib", False),
        ("/net", True),
        ("/net/me/runs", True),
        ("/network", False),
        ("/net/local/me", False),
        ("/net/local/covered/x", True),
        ("/parallel/me", True),
        ("/far away/x", True),
    ],
)
def test_filesystems_that_machines_share_are_known(path: str, network: bool) -> None:
    assert is_on_network(Path(path), MOUNTS) is network


def test_no_sqlite_on_a_filesystem_that_machines_share(
    store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/x {store} nfs4 rw 0 0\n")
    monkeypatch.setattr(placing, "MOUNTS", mounts)
    with Index.open(store) as index:
        assert index.place.startswith(os.environ["XDG_CACHE_HOME"])
        assert index.known(KEYS)[KEYS[0]].state == "done"
    assert not (store / NAME).exists()
    with pytest.raises(RecordsError, match="PostgreSQL URL"):
        Index.open(store, str(store / "x.db"))
    mounts.write_text("server:/x / nfs4 rw 0 0\n")
    assert url_of(store) == MEMORY


def test_a_folder_of_somebody_else_is_not_trusted(store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path / "temp"))
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != store and real(path, mode))
    assert url_of(store).startswith(f"sqlite:///{tmp_path / 'cache'}")
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert url_of(store) == MEMORY


def test_dataframes_need_pandas(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with Index.open(store) as index, pytest.raises(RecordsError, match="pip install pandas"):
        index.dataframe()


def test_dataframes_are_tables_views_and_queries(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_sql_query(query: Any, connection: Any, params: Any) -> list[Any]:
        return list(connection.execute(query, params).mappings())

    monkeypatch.setitem(sys.modules, "pandas", types.SimpleNamespace(read_sql_query=read_sql_query))
    with Index.open(store) as index:
        assert len(index.dataframe("runs")) == 8
        assert index.dataframe("SELECT value FROM scores WHERE value > :least", least=56) == [{"value": 57.0}]
        with pytest.raises(RecordsError, match="no such table"):
            index.dataframe("rums")
        assert index.dataframe("results") == []
    assert (store / NAME).exists()


class TestPostgres:
    """What only a shared database has."""

    def test_one_that_is_not_there_is_told(self, store: Path) -> None:
        with pytest.raises(RecordsError, match="ARCHSPEC_INDEX"):
            Index.open(store, "postgresql://nobody@/nothing?host=/nowhere")

    def test_it_belongs_to_one_store(self, store: Path, tmp_path: Path, empty_postgres: str) -> None:
        assert states(store, empty_postgres) == {"done"}
        finished_run(tmp_path / "other", 1)
        with pytest.raises(RecordsError, match="is the index of the store"):
            Index.open(tmp_path / "other", empty_postgres)
        with Index.at(tmp_path / "other", empty_postgres) as index:
            assert index.rebuild() == 1
            assert {run.state for run in index.known(KEYS).values()} == {"done", "planned"}

    def test_tables_of_somebody_else_are_left_alone(self, store: Path, empty_postgres: str) -> None:
        import psycopg

        with psycopg.connect(empty_postgres, autocommit=True) as connection:
            connection.execute("CREATE TABLE runs (mine TEXT)")
            with pytest.raises(RecordsError, match="of its own"):
                Index.open(store, empty_postgres)
            assert connection.execute("SELECT COUNT(mine) FROM runs").fetchone() == (0,)

    def test_a_password_is_not_shown(self, store: Path) -> None:
        with Index.at(store, "postgresql://me:secret@host/runs") as index:
            assert "secret" not in index.place

    def test_without_psycopg_it_says_what_to_install(self, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "psycopg", None)
        with pytest.raises(RecordsError, match=r"archspec-engine\[postgres\]"):
            Index.open(store, "postgresql://me@host/runs")


def test_views_can_be_read_by_anybody(store: Path) -> None:
    with Index.open(store) as index, index.engine.connect() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM curves")).scalar() == 8 * 4


def test_an_index_in_memory_is_one_for_all_threads(tmp_path: Path) -> None:
    finished_run(tmp_path, 1)
    with Index.at(tmp_path, MEMORY) as index:
        index.refresh()
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda _: index.known([key(1)])[key(1)].state, range(64)))
            again = list(threads.map(lambda _: index.refresh(), range(8)))
    assert set(found) == {"done"}
    assert again == [0] * 8
