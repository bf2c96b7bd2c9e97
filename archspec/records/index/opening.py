"""Opening the index's database: its settings, its tables, and what to do when it is damaged."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from archspec.errors import RecordsError
from archspec.records.index.placing import MEMORY
from archspec.records.index.tables import SCHEMA, About, Base
from archspec.records.index.views import VIEWS

PATIENCE = 60.0
"""Seconds to wait for another process that writes the index."""

READING = {"sqlite": "BEGIN", "postgresql": "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"}
"""What makes several queries see one state."""
WRITING = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(7237136219)"}
"""What makes writers take turns."""

DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR", "SQLITE_FORMAT", "SQLITE_SCHEMA", "SQLITE_MISMATCH"}
"""Errors of a file that is not what archspec wrote; others are about the disk or about permissions."""


def engine_at(url: str) -> Engine:
    """The database of a URL; nothing is opened yet."""
    if url == MEMORY:
        # One connection, for it is the database; threads wait for each other.
        alone: dict[str, Any] = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0, "pool_timeout": PATIENCE}
        return create_engine(url, connect_args={"isolation_level": None, "check_same_thread": False}, **alone)
    if url.startswith("sqlite:"):
        return create_engine(url, creator=lambda: _sqlite(Path(url.removeprefix("sqlite:///"))))
    try:
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    except ImportError:
        raise RecordsError("PostgreSQL needs psycopg: pip install 'archspec-engine[postgres]'") from None


@contextmanager
def transaction(engine: Engine, manner: dict[str, str]) -> Iterator[Connection]:
    """One state to read, or one change to make."""
    with engine.begin() as connection:
        connection.exec_driver_sql(manner[engine.dialect.name])
        yield connection


def settle(engine: Engine, store: Path) -> None:
    """See to it that the tables and views are there, as this archspec knows them."""
    with transaction(engine, READING) as connection:
        if _said(connection).get("schema") == str(SCHEMA):
            return _check_store(connection, store)
    with transaction(engine, WRITING) as connection:
        if _said(connection).get("schema") != str(SCHEMA):  # another process may have been faster
            make(connection, store)
    return None


class StrangeTablesError(RecordsError):
    """The database belongs to somebody else."""


def make(connection: Connection, store: Path) -> None:
    """Make all tables and views anew, empty; what somebody else has made is left alone."""
    strange = {*Base.metadata.tables, *VIEWS} & {*inspect(connection).get_table_names()}
    if strange and "schema" not in _said(connection):
        message = f"it has a table `{min(strange)}` that archspec did not make"
        raise StrangeTablesError(f"{message}; give the index a database of its own")
    for name in reversed(VIEWS):
        connection.execute(text(f"DROP VIEW IF EXISTS {name}"))
    Base.metadata.drop_all(connection)
    Base.metadata.create_all(connection)
    for name, query in VIEWS.items():
        connection.execute(text(f"CREATE VIEW {name} AS {query}"))
    said = {"schema": str(SCHEMA), "store": str(store.resolve())}
    connection.execute(insert(About), [{"name": name, "value": value} for name, value in said.items()])


def is_damaged(error: DBAPIError | StrangeTablesError) -> bool:
    """Whether a database file is at fault, and not the disk or whoever may not write to it."""
    if isinstance(error, StrangeTablesError):
        return True
    name = str(getattr(error.orig, "sqlite_errorname", ""))
    return any(name.startswith(known) for known in DAMAGED)


def forget(url: str) -> None:
    """Delete an index's file, unless somebody is just opening it."""
    file = Path(url.removeprefix("sqlite:///"))
    with suppress(OSError, RecordsError), _folder_locked(file.parent):
        for suffix in ("-wal", "-shm", ""):
            file.with_name(file.name + suffix).unlink(missing_ok=True)


def _sqlite(file: Path) -> sqlite3.Connection:
    # A log and a database that do not belong together would be taken for one another.
    with _folder_locked(file.parent):
        connection = sqlite3.connect(file, timeout=PATIENCE, check_same_thread=False, isolation_level=None)
        try:
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-65536", "temp_store=MEMORY"):
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


@contextmanager
def _folder_locked(folder: Path) -> Iterator[None]:
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise RecordsError(f"the index in {folder} cannot be opened: {reason}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _said(connection: Connection) -> dict[str, str]:
    if not inspect(connection).has_table(About.__tablename__):
        return {}
    return {row.name: row.value for row in connection.execute(select(About.name, About.value))}


def _check_store(connection: Connection, store: Path) -> None:
    """A database that several hosts share is the index of one store; a file moves with its store."""
    there = _said(connection).get("store")
    if connection.dialect.name != "sqlite" and there != str(store.resolve()):
        message = f"this database is the index of the store {there}, not of {store.resolve()}"
        raise RecordsError(f"{message}; give each store a database of its own, or `archspec store rebuild` it")
