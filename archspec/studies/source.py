"""Where a driver's runs come from: a plan that is known as a whole, or one that grows by what its runs reach."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Protocol

from archspec.records.known import Known
from archspec.studies.folder import StudyFolder
from archspec.studies.plan import PlannedRun
from archspec.studies.planning import Planned


class Source(Protocol):
    """Something that says what is to be run."""

    @property
    def planned(self) -> Planned:
        """The plan so far."""

    enough: tuple[str, ...]
    """States of a run in which it needs no more work."""

    def more(self, *, room: bool) -> Iterable[PlannedRun]:
        """Runs that it has not named yet; asked with room for them in the pool, or merely in passing."""

    def ended(self, key: str, known: Known) -> None:
        """A run has a result, or never will."""

    def unpromising(self, running: Collection[str]) -> dict[str, str]:
        """Runs at work that are not worth going on with, by key, and why."""


class Whole:
    """All of a plan, or some of its runs."""

    enough: tuple[str, ...] = ("done",)

    def __init__(self, planned: Planned, keys: Iterable[str] | None) -> None:
        self.planned = planned
        wanted = set(planned.plan.keys if keys is None else keys)
        self.runs = [run for run in planned.plan.runs if run.key in wanted]

    def more(self, *, room: bool) -> Iterable[PlannedRun]:
        """All of them, once."""
        runs, self.runs = self.runs, []
        return runs

    def ended(self, key: str, known: Known) -> None:
        """Nothing follows from it."""

    def unpromising(self, running: Collection[str]) -> dict[str, str]:
        """None: every arm is trained to its end."""
        return {}


def source_of(planned: Planned, store: Path, folder: StudyFolder, keys: Iterable[str] | None) -> Source:
    """Where the runs of a plan come from: a search goes on asking."""
    from archspec.studies.searched import PlannedSearch
    from archspec.studies.tuning import PlannedTuning, Tuning

    if isinstance(planned, PlannedSearch):
        from archspec.studies.searching import Searching

        return Searching(planned, store, folder)
    if isinstance(planned, PlannedTuning):
        return Tuning(planned, store, folder, keys)
    return Whole(planned, keys)
