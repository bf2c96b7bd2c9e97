"""Searches whose runs are cancelled, fail, and are tried again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.spec.runner import RUNNER
from archspec.studies import driving, searching
from archspec.studies.driving import Event, drive
from archspec.studies.folder import StudyFolder
from archspec.studies.plan import Plan
from archspec.studies.planning import planned
from archspec.studies.requests import ask
from tests.studies import fake
from tests.studies.test_driving import TARGET, importable
from tests.studies.test_searching import asked, driven, written

__all__ = ["importable"]


def interrupted(file: Path, store: Path, on: Any) -> Plan:
    """The plan after somebody has looked on and done something."""
    found = planned(file, store=store)
    summary = drive(found, store, RUNNER.load("inline"), target=TARGET, on=on)
    assert summary.planned is not None
    return summary.planned.plan


def folder(file: Path, store: Path) -> StudyFolder:
    """The study's folder."""
    return StudyFolder.of(store, planned(file, store=store).plan)


def states(plan: Plan) -> list[str]:
    """What has become of the candidates."""
    return [trial.state for trial in plan.trials]


def test_a_cancelled_search_asks_for_no_more_until_it_is_retried(tmp_path: Path) -> None:
    file, store = written(tmp_path, trials="6"), tmp_path / "store"

    def cancel_at_the_third(event: Event) -> None:
        if (event.what, event.run.arm) == ("done", "trial/2"):
            folder(file, store).cancel([], halted=True)

    plan = interrupted(file, store, cancel_at_the_third)
    assert 0 < len(plan.trials) < 6
    assert driven(file, store)[1] == []
    folder(file, store).cancel([])
    assert asked(driven(file, store)[0]) == asked(driven(file, tmp_path / "undisturbed")[0])


def test_a_cancelled_candidate_is_left_out_until_it_is_retried(tmp_path: Path) -> None:
    file, store, keys = written(tmp_path, trials="5", sampler="random"), tmp_path / "store", list[str]()

    def cancel_the_second(event: Event) -> None:
        if event.what == "done" and not keys and event.run.role == "search":
            keys.append(_next_key(planned(file, store=store).plan, file, tmp_path))
            folder(file, store).cancel(keys)

    plan = interrupted(file, store, cancel_the_second)
    assert sorted(states(plan)) == ["cancelled", *["done"] * 4]
    assert [arm.factor for arm in plan.tested] == ["", "best", "best"]
    assert states(driven(file, store)[0]) == states(plan)
    folder(file, store).cancel([])
    assert asked(driven(file, store)[0]) == asked(driven(file, tmp_path / "undisturbed")[0])


def _next_key(plan: Plan, file: Path, folder: Path) -> str:
    """The key of the candidate that comes after those of a plan."""
    whole, _ = driven(file, folder / "ahead")
    trial = whole.trials[len(plan.trials)]
    return next(run.key for run in whole.runs if run.arm == trial.arm)


def test_what_failed_counts_once_it_was_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, store = written(tmp_path, trials="4", sampler="random"), tmp_path / "store"
    monkeypatch.setenv(fake.BROKEN, "0:raise")
    plan, _ = driven(file, store, 2)
    assert states(plan) == ["failed"] * 4
    assert driven(file, store, 2)[1] == []
    monkeypatch.delenv(fake.BROKEN)
    for run in plan.runs:
        if run.arm == plan.trials[0].arm:
            RunFolder(Store(store).run(run.key)).reopen()
    again, _ = driven(file, store, 2)
    assert states(again) == ["failed"] * 4 + ["done"]
    assert again.trials[-1].again
    assert again.trials[-1].choices == plan.trials[0].choices
    assert again.tested[1].id == "best/4"
    assert asked(driven(file, store, 2)[0]) == asked(again)
    assert driven(file, store, 2)[1] == []


def test_samplers_learn_from_what_was_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, store = written(tmp_path, trials="2", final="{best: 0}"), tmp_path / "store"
    monkeypatch.setenv(fake.BROKEN, "0:raise")
    plan, _ = driven(file, store)
    RunFolder(Store(store).run(plan.runs[0].key)).reopen()
    assert states(driven(file, store)[0]) == ["failed"] * 3, "it fails once more"
    assert driven(file, store)[1] == [], "and waits to be retried"
    monkeypatch.delenv(fake.BROKEN)
    RunFolder(Store(store).run(plan.runs[0].key)).reopen()
    again, _ = driven(file, store)
    journal = JournalStorage(JournalFileBackend(str(folder(file, store).journal)))
    told = optuna.load_study(study_name=plan.question, storage=journal).trials[-1]
    assert told.state.name == "COMPLETE"
    assert told.values == [again.trials[-1].values["top1"]] == [fake.score_of(plan.runs[0].key)]
    assert told.params == plan.trials[0].choices


def test_what_failed_may_be_refused_once_it_was_retried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bound = {"constraints": "{naswot: {min: 99}}", "trials": "2", "sampler": "random", "final": "{best: 0}"}
    file, store = written(tmp_path, **bound), tmp_path / "store"
    monkeypatch.setenv(fake.BROKEN, "0:raise")
    plan, _ = driven(file, store)
    assert states(plan) == ["failed"] * 2
    monkeypatch.delenv(fake.BROKEN)
    RunFolder(Store(store).run(plan.runs[0].key)).reopen()
    assert states(driven(file, store)[0]) == ["failed", "failed", "refused"]


def test_a_page_has_a_failed_candidate_tried_again_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, store, retried = written(tmp_path, trials="4", sampler="random"), tmp_path / "store", list[str]()
    monkeypatch.setenv(fake.BROKEN, "0:raise")

    def retry(event: Event) -> None:
        if event.what == "failed" and not retried:
            retried.append(event.run.key)
            monkeypatch.delenv(fake.BROKEN)
            ask(folder(file, store), "retry", retried)

    plan = interrupted(file, store, retry)
    assert sorted(states(plan)) == ["done"] * 4 + ["failed"]
    (again,) = [trial for trial in plan.trials if trial.again]
    assert again.values["top1"] == fake.score_of(retried[0])


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that looks on at every step."""
    monkeypatch.setattr(driving, "PAUSE", 0.0)
    monkeypatch.setattr(searching, "PAUSE", 0.0)


@pytest.mark.usefixtures("looking")
def test_in_this_process_a_pruner_looks_on_too(tmp_path: Path) -> None:
    file = written(tmp_path, pruner="{kind: median, startup: 2}", trials="8", final="{best: 0}", sampler="random")
    plan, _ = driven(file, tmp_path / "store")
    assert set(states(plan)) == {"done", "pruned"}
    for trial in plan.trials:
        key = next(run.key for run in plan.runs if run.arm == trial.arm)
        steps = len(RunFolder(Store(tmp_path / "store").run(key)).metrics())
        assert (steps < fake.STEPS) == (trial.state == "pruned")
    assert driven(file, tmp_path / "store")[1] == []


@pytest.mark.usefixtures("looking")
def test_what_is_cancelled_in_this_process_stops_where_it_is(tmp_path: Path) -> None:
    file, store = written(tmp_path, trials="2", sampler="random", final="{best: 0}"), tmp_path / "store"

    def cancel(event: Event) -> None:
        if event.what == "started" and event.run.arm == "trial/0":
            folder(file, store).cancel([event.run.key])

    plan = interrupted(file, store, cancel)
    assert states(plan) == ["cancelled", "done"]
    assert len(RunFolder(Store(store).run(plan.runs[0].key)).metrics()) < fake.STEPS
    folder(file, store).cancel([])
    assert states(driven(file, store)[0]) == ["done", "done"]
