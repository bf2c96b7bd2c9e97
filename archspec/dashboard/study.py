"""A study at one moment: its plan, what is known of its runs, and the table that follows."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from archspec.records.files import read_json
from archspec.records.index import Index
from archspec.records.index.scanning import stamp
from archspec.records.known import Known, Point
from archspec.records.store import Store
from archspec.report.scores import TRAINED
from archspec.report.table import Table, tabulate
from archspec.studies.folder import StudyFolder
from archspec.studies.plan import Plan
from archspec.studies.status import counts, overlaid


@dataclass(frozen=True)
class Study:
    """What pages about one study are made from."""

    name: str
    """In the store: `quickstart`, `quickstart@smoke`."""
    plan: Plan
    known: dict[str, Known]
    """Every run by its key, with the state that a reader expects."""
    driven: bool
    """Whether a driver is at work."""
    index: Index
    tables: dict[str, Table] = field(default_factory=dict, compare=False)

    @property
    def counts(self) -> dict[str, int]:
        """How many runs are in each state."""
        return counts(self.known)

    @property
    def table(self) -> Table:
        """The table by the study's own metric."""
        return self.by("")

    @cached_property
    def names(self) -> dict[str, str]:
        """What to call each arm, the candidates of a search too, which stand in no table."""
        return {arm.id: f"{arm.factor} {arm.name}" for arm in self.plan.arms} | self.table.names

    def by(self, metric: str) -> Table:
        """The table by some metric."""
        if metric not in self.tables:
            self.tables[metric] = tabulate(self.plan, self.known, metric=metric or None)
        return self.tables[metric]

    @property
    def measured(self) -> list[str]:
        """What the trainings measure along the way."""
        runs = (run.key for run in self.plan.runs if run.role == TRAINED)
        return list(dict.fromkeys(name for key in runs for name in self.known[key].last))

    def curves(self, arms: Iterable[str], names: Iterable[str]) -> dict[str, list[Point]]:
        """What the trainings of some arms measured along the way."""
        wanted = set(arms)
        keys = [run.key for run in self.plan.runs if run.role == TRAINED and run.arm in wanted]
        return self.index.curves(keys, names)


PLANS = 4
"""Plans that are kept between two looks."""


class Plans:
    """The plans of a store, each read again only when its file has changed."""

    def __init__(self, store: Path) -> None:
        self.store, self.kept = Store(store), dict[str, tuple[str, Plan]]()
        self.lock = threading.Lock()

    def folder(self, name: str) -> StudyFolder:
        """A study's folder."""
        return StudyFolder(self.store.study(name))

    def plan(self, name: str) -> Plan | None:
        """The plan of a study; None where it lies outside of the store, or cannot be understood."""
        file = self.folder(name).plan
        signature = stamp(file)
        with self.lock:
            if self.kept.get(name, ("",))[0] != signature:
                self.kept.pop(name, None)
                if (plan := self._read(file)) is not None:
                    self.kept[name] = signature, plan
            found = self.kept.get(name)
            while len(self.kept) > PLANS:
                self.kept.pop(next(iter(self.kept)))
            return found[1] if found else None

    def _read(self, file: Path) -> Plan | None:
        if not file.resolve().is_relative_to(self.store.path.resolve()):
            return None
        said = read_json(file)
        try:
            return Plan.from_dict(said) if said else None
        except (AttributeError, KeyError, TypeError):
            return None


def seen(plans: Plans, index: Index, name: str, plan: Plan) -> Study:
    """A study as it stands now."""
    folder = plans.folder(name)
    driven = folder.is_driven()
    known = overlaid(plan, index.known(plan.keys), folder.cancelled(), driven=driven)
    return Study(name, plan, known, driven, index)
