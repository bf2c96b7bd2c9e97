"""What pages ask of a study: files in its folder, which whoever drives it carries out and takes away."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, get_args

from archspec.errors import RecordsError
from archspec.records.files import make_folder, read_json, write_json
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.studies.folder import StudyFolder
from archspec.studies.plan import Plan, PlannedRun

Asked = Literal["cancel", "retry"]
ASKED: tuple[Asked, ...] = get_args(Asked)


def folder_of(study: StudyFolder) -> Path:
    """Where requests lie until they are carried out."""
    return study.path / "requests"


def ask(study: StudyFolder, what: Asked, keys: Iterable[str]) -> Path:
    """Ask for runs to be stopped, or to be run again."""
    folder = folder_of(study)
    make_folder(folder)
    file = folder / f"{time.time_ns()}-{secrets.token_hex(4)}.json"
    write_json(file, {"what": what, "keys": sorted(set(keys)), "asked": time.time()})
    return file


def waiting(study: StudyFolder) -> list[Path]:
    """The requests that nobody has carried out yet, the oldest first."""
    try:
        return sorted(folder_of(study).glob("*.json"))
    except OSError:
        return []


def carry_out(study: StudyFolder, store: Path) -> list[PlannedRun]:
    """Do what was asked; the runs that may run again, and those that were blocked by them."""
    files = waiting(study)
    if not files:
        return []
    plan = Plan.from_dict(read_json(study.plan) or {})
    again: set[str] = set()
    for file in files:
        what, keys = _read(file)
        mine = keys & set(plan.keys)
        if what == "cancel":
            study.cancel(study.cancelled() | mine, halted=study.halted)
            again -= mine
        elif what == "retry":
            _reopen(study, store, mine)
            again |= mine
        file.unlink(missing_ok=True)
    return [run for run in plan.runs if run.key in again or again & {*run.needs}]


def _read(file: Path) -> tuple[str, set[str]]:
    """What a request says; one that says nothing is nothing to do."""
    try:
        said: dict[str, Any] = read_json(file) or {}
        return str(said.get("what")), {str(key) for key in said.get("keys", ())}
    except (RecordsError, TypeError):
        return "", set()


def _reopen(study: StudyFolder, store: Path, keys: set[str]) -> None:
    """Forget that runs were cancelled or have failed."""
    for key in keys:
        run = RunFolder(Store(store).run(key))
        if (run.result() or {}).get("state") == "failed":
            run.reopen()
    study.cancel(study.cancelled() - keys)
