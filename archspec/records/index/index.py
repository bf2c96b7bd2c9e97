"""The index: a database that answers at once what the run folders would take minutes to tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from archspec.errors import RecordsError
from archspec.records.index import filling, reading
from archspec.records.index.opening import (
    READING,
    WRITING,
    StrangeTablesError,
    engine_at,
    forget,
    is_damaged,
    make,
    settle,
    transaction,
)
from archspec.records.index.placing import MEMORY, OURS, VARIABLE, url_of
from archspec.records.index.scanning import changed, folders, plans
from archspec.records.known import Known, Point
from archspec.records.store import Store

BATCH = 500
"""Folders that are read before what they say is written."""

T = TypeVar("T")
Trouble = DBAPIError | StrangeTablesError
OnRead = Callable[[int, int], None]
"""Told, while folders are read, how many have been and how many there are."""


class Index:
    """The SQL index over a store. A cache: what it says was read from the folders; it may be deleted at any time."""

    def __init__(self, store: Path, url: str) -> None:
        self.store, self.url, self.engine = Store(store), url, engine_at(url)
        self.trouble = ""
        """Why the index is not where it should be."""

    @classmethod
    def open(cls, store: Path, url: str | None = None) -> Index:
        """The index of a store, up to date; `url` (or $ARCHSPEC_INDEX) names a PostgreSQL database or a file."""
        index = cls.at(store, url)
        try:
            index.refresh()
        except BaseException:
            index.close()
            raise
        return index

    @classmethod
    def at(cls, store: Path, url: str | None = None) -> Index:
        """The same, as it was left."""
        return cls(store, url_of(store, url))

    @property
    def place(self) -> str:
        """Where the database is, as an SQL client would be told, without a password."""
        file = self.engine.url.database
        return (file or "memory") if self.is_sqlite else self.engine.url.render_as_string()

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of this process's machine, or its memory."""
        return self.engine.dialect.name == "sqlite"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def refresh(self, keys: Iterable[str] | None = None, on: OnRead | None = None) -> int:
        """Read what has changed since the last time, everywhere or in some runs; how many runs that were."""
        wanted = None if keys is None else list(dict.fromkeys(keys))
        return self._safely(lambda: self._refreshed(wanted, on))

    def rebuild(self, on: OnRead | None = None) -> int:
        """Forget everything and read it again."""

        def emptied() -> int:
            with transaction(self.engine, WRITING) as connection:
                make(connection, self.store.path)
            return self._refreshed(None, on)

        return self._safely(emptied)

    def known(self, keys: Iterable[str]) -> dict[str, Known]:
        """What is known about runs; of one that is not there, that it is planned."""
        wanted = list(dict.fromkeys(keys))
        return self._read(lambda connection: reading.known(connection, wanted))

    def curves(self, keys: Iterable[str], names: Iterable[str] = ()) -> dict[str, list[Point]]:
        """The metrics of runs, all or those of some names, epoch by epoch."""
        wanted, chosen = list(dict.fromkeys(keys)), list(names)
        return self._read(lambda connection: reading.curves(connection, wanted, chosen))

    def rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        """The answer to a SELECT, row by row; `values` stand for `:name` in it."""
        return self._read(lambda connection: [dict(row) for row in connection.execute(text(query), values).mappings()])

    def dataframe(self, query: str = "results", **values: Any) -> Any:
        """A table, a view or the answer to a SELECT as a pandas dataframe; `values` stand for `:name` in it."""
        try:
            import pandas as pd
        except ImportError:
            raise RecordsError("dataframes need pandas, which archspec does without: pip install pandas") from None
        said = f"SELECT * FROM {query}" if query.isidentifier() else query  # noqa: S608 - a name
        try:
            with transaction(self.engine, READING) as connection:
                return pd.read_sql_query(text(said), connection, params=values)
        except SQLAlchemyError as error:
            raise RecordsError(f"the index cannot answer `{said}`: {getattr(error, 'orig', error)}") from error

    def _read(self, work: Callable[[Connection], T]) -> T:
        def read() -> T:
            with transaction(self.engine, READING) as connection:
                return work(connection)

        return self._safely(read)

    def _refreshed(self, keys: list[str] | None, on: OnRead | None) -> int:
        settle(self.engine, self.store.path)
        # Asked before looking, so that what others add meanwhile is not taken for gone.
        with transaction(self.engine, READING) as connection:
            seen = filling.signatures(connection, keys)
        there = folders(self.store, keys)
        if gone := seen.keys() - there:
            with transaction(self.engine, WRITING) as connection:
                filling.forget_runs(connection, gone)
        if keys is None:
            self._refresh_studies()
        found = list(changed(self.store, there, seen))
        for begin in range(0, len(found), BATCH):
            if on is not None:
                on(begin, len(found))
            self._write_runs([filling.read(change) for change in found[begin : begin + BATCH]])
        return len(found)

    def _write_runs(self, reads: list[filling.Read]) -> None:
        environments = {tried.environment for one in reads for tried in one.told.tried if tried.environment}
        with transaction(self.engine, WRITING) as connection:
            filling.write_environments(connection, self.store, environments)
            filling.write_runs(connection, reads)

    def _refresh_studies(self) -> None:
        with transaction(self.engine, READING) as connection:
            seen = filling.study_signatures(connection)
        there = plans(self.store)
        stale = {name for name, signature in seen.items() if there.get(name) != signature}
        fresh = {name: signature for name, signature in there.items() if seen.get(name) != signature}
        if stale or fresh:
            with transaction(self.engine, WRITING) as connection:
                filling.forget_studies(connection, stale)
                for name, signature in fresh.items():
                    filling.write_study(connection, self.store, name, signature)

    def _safely(self, work: Callable[[], T]) -> T:
        """Do something with a database that may be damaged: then it is made anew, or done without."""

        def filled() -> T:
            self._refreshed(None, None)
            return work()

        done = work
        for cure in (self._replace, self._do_without):
            try:
                return done()
            except (DBAPIError, StrangeTablesError) as error:
                cure(error)
            done = filled
        return done()

    def _replace(self, error: Trouble) -> None:
        """A new file in the place of a damaged one that archspec itself has named."""
        if not is_damaged(error) and self.is_sqlite:
            return self._do_without(error)
        if not self.is_sqlite or not OURS.fullmatch(Path(self.place).name):
            message = f"{self.place} cannot hold the index: {_reason(error)}"
            raise RecordsError(f"{message}; name a database of its own in ${VARIABLE}, or none") from error
        self.engine.dispose()
        forget(self.url)
        return None

    def _do_without(self, error: Trouble) -> None:
        """Memory, where there is nothing to write to: slower, for the next process reads everything again."""
        self.trouble = f"the index {self.place} cannot be used ({_reason(error)}), so all runs were read"
        self.engine.dispose()
        self.url, self.engine = MEMORY, engine_at(MEMORY)


def _reason(error: Trouble) -> str:
    return str(getattr(error, "orig", error)).partition("\n")[0]
