"""A study's folder in the store: its plan, who drives it, and what was cancelled."""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archspec.errors import RecordsError
from archspec.records.files import make_folder, read_json, telling, write_json
from archspec.records.lease import alive, lease
from archspec.records.store import Store
from archspec.studies.plan import Plan


def named(plan: Plan) -> str:
    """What a study is called in the store."""
    return f"{plan.study}@{plan.profile}" if plan.profile else plan.study


@dataclass(frozen=True)
class StudyFolder:
    """Every path of a study's folder, and the rule that only one process drives it."""

    path: Path

    @classmethod
    def of(cls, store: Path, plan: Plan) -> StudyFolder:
        """The folder of a plan's study."""
        return cls(Store(store).study(named(plan)))

    @property
    def plan(self) -> Path:
        """The plan as it was last driven."""
        return self.path / "plan.json"

    @property
    def documents(self) -> Path:
        """What the runs of each arm were asked for when it was last driven: networks are known before they are run."""
        return self.path / "documents.json"

    @property
    def journal(self) -> Path:
        """The trials of a search, as Optuna keeps them; `optuna-dashboard` opens it."""
        return self.path / "trials.journal"

    @property
    def log(self) -> Path:
        """What workers print."""
        return self.path / "workers.log"

    @property
    def driver_log(self) -> Path:
        """What a driver says that nobody watches."""
        return self.path / "driver.log"

    @property
    def driver(self) -> Path:
        """Who drives it."""
        return self.path / "driver.json"

    def keep(self, plan: Plan) -> None:
        """Write the plan down."""
        make_folder(self.path)
        write_json(self.plan, plan.to_dict())

    def begun_with(self) -> tuple[str, ...]:
        """The keys of the runs that it was last driven with."""
        said: dict[str, Any] = read_json(self.plan) or {}
        return tuple(dict.fromkeys(run["key"] for run in said.get("runs", ())))

    def describe(self, documents: Mapping[str, str]) -> None:
        """Write down what the runs of each arm are asked for, by the arm's id."""
        make_folder(self.path)
        write_json(self.documents, documents)

    def cancelled(self) -> frozenset[str]:
        """The keys of runs that were cancelled."""
        said: dict[str, Any] = read_json(self.path / "cancelled.json") or {}
        return frozenset(said.get("keys", ()))

    @property
    def halted(self) -> bool:
        """Whether all of it was cancelled, also what nobody has asked for yet."""
        said: dict[str, Any] = read_json(self.path / "cancelled.json") or {}
        return bool(said.get("halted"))

    def cancel(self, keys: Iterable[str], *, halted: bool = False) -> None:
        """Have only these runs cancelled, and perhaps no more asked for; whoever drives the study sees to it."""
        make_folder(self.path)
        write_json(self.path / "cancelled.json", {"keys": sorted(keys), "halted": halted})

    def is_driven(self) -> bool:
        """Whether a driver is at work, as far as that can be known from here."""
        return alive(read_json(self.driver)) is True

    @contextmanager
    def driving(self) -> Iterator[None]:
        """Be the study's only driver. The kernel gives the lock back, whatever the driver dies of."""
        make_folder(self.path)
        place = self.path / "driver.lock"
        with telling(place, "written"):
            lock = place.open("a")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                who = read_json(self.driver) or {}
                message = f"{self.path.name} is being driven already, by process {who.get('pid', '?')}"
                message += f" on {who.get('host', '?')}"
                raise RecordsError(f"{message}; `archspec study status {self.path.name}` shows how far it is") from None
            write_json(self.driver, lease())
            try:
                yield
            finally:
                # It is only said for others to see; that it cannot be is no reason to hide what went wrong.
                with suppress(RecordsError):
                    write_json(self.driver, {**lease(), "left": True})
