"""The store behind the pages: its index, its studies, and the version that tells whether anything has changed."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

from sqlalchemy import event

from archspec.dashboard.page import MissingError
from archspec.dashboard.study import Plans, Study, seen
from archspec.errors import RecordsError, near
from archspec.records.index import Index
from archspec.records.index.scanning import stamp
from archspec.records.store import Store

STUDIES = 4
"""Studies whose numbers are kept between two looks."""
CACHE = -512
"""SQLite's own memory, in KiB: a login node has little for each of us."""
STATE = """
    SELECT state, COUNT(*), SUM(attempt), SUM(epoch), SUM(step), SUM(seconds), SUM(ended) FROM runs
    GROUP BY state ORDER BY state"""


class Site:
    """Everything that pages are made from."""

    def __init__(self, store: Path, index: Index, *, actions: bool = False) -> None:
        self.store, self.index, self.actions = Store(store), index, actions
        self.plans, self.studies = Plans(store), OrderedDict[tuple[str, str], Study]()
        self.state, self.read, self.trouble = "", 0.0, ""
        """What the store looked like when it was read last, when that was tried, and why it could not be."""
        self.progress = (0, 0)
        """While runs are read, how many have been and how many there are."""
        self.lock, self.reading = threading.Lock(), threading.Lock()
        if index.is_sqlite:
            event.listen(index.engine, "connect", _small)
        index.refresh(())  # its tables are there before anybody asks
        self.names = self._names()
        """The studies that there are."""

    def refresh(self) -> str:
        """Bring the index up to date; the version of the store by then."""
        with self.reading:
            try:
                self._find()
                self.index.refresh(on=self._on)
                self.names = self._names()
                self.state, self.trouble = self._look(), self.index.trouble
            except (RecordsError, OSError) as error:
                self.trouble = str(error)
            self.progress, self.read = (0, 0), time.time()
        return self.version

    @property
    def version(self) -> str:
        """What differs whenever a page does; empty until the store has been looked through."""
        return f"{self.state} {_hashed(self.trouble)}" if self.trouble else self.state

    def rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        """The answer to a query of the index."""
        return self.index.rows(query, **values)

    def study(self, name: str) -> Study:
        """A study as it was when the store was read last."""
        place = self.state, name
        with self.lock:
            if place in self.studies:
                self.studies.move_to_end(place)
                return self.studies[place]
        plan = self.plans.plan(name) if name in self.names else None
        if plan is None and not self.state:
            raise MissingError("the store is being looked through; this page comes as soon as that is done")
        if plan is None:
            raise MissingError(f"there is no study `{name[:80]}` in this store. {near(name, self.names)}")
        study = seen(self.plans, self.index, name, plan)
        with self.lock:
            self.studies[place] = study
            while len(self.studies) > STUDIES:
                self.studies.popitem(last=False)
        return study

    def _names(self) -> list[str]:
        return [row["name"] for row in self.rows("SELECT name FROM studies ORDER BY name")]

    def _look(self) -> str:
        """What differs whenever anything has changed that a page shows."""
        said = [str(list(row.values())) for row in self.rows(STATE)]
        for name in self.names:
            folder = self.plans.folder(name)
            files = (folder.plan, folder.path / "cancelled.json", folder.driver, folder.path / "requests")
            said += [name, *map(stamp, files), str(folder.is_driven())]
        return _hashed("\n".join(said))

    def _find(self) -> None:
        """A store that was here and is gone leaves its pages as they were."""
        if self.names and not self.store.path.is_dir():
            message = f"the store {self.store.path} is not there any more, and pages show what it held"
            raise RecordsError(f"{message}; put it back, or start `archspec dashboard --store` where it is now")

    def _on(self, done: int, all_: int) -> None:
        self.progress, self.names = (done, all_), self._names()


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _small(connection: Any, _: Any) -> None:
    connection.execute(f"PRAGMA cache_size={CACHE}")
