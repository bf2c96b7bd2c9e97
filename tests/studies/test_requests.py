"""Requests are files that a driver carries out, before it begins and while it is at work."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.studies.driving import Event
from archspec.studies.folder import StudyFolder
from archspec.studies.planning import Planned, planned
from archspec.studies.requests import ask, carry_out, folder_of, waiting
from archspec.studies.status import counts
from tests.studies import fake
from tests.studies.samples import written
from tests.studies.test_driving import RUNNER_, TARGET, driven, states

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers find the fake."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))


@pytest.fixture
def sample(tmp_path: Path) -> Planned:
    """Three networks at two seeds."""
    return planned(written(tmp_path))


def test_a_driver_cancels_before_it_begins(sample: Planned, tmp_path: Path) -> None:
    store = tmp_path / "store"
    folder = StudyFolder.of(store, sample.plan)
    ask(folder, "cancel", [sample.plan.keys[0], "no such run"])
    driven(sample, store)
    assert counts(states(sample.plan, store)) == {"done": 5, "cancelled": 1}
    assert waiting(folder) == []
    assert folder.cancelled() == {sample.plan.keys[0]}


def test_what_was_cancelled_or_has_failed_is_run_again(
    sample: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    folder = StudyFolder.of(store, sample.plan)
    monkeypatch.setenv(fake.BROKEN, "1:raise")
    folder.cancel([sample.plan.keys[0]])
    driven(sample, store)
    assert counts(states(sample.plan, store)) == {"done": 2, "failed": 3, "cancelled": 1}
    monkeypatch.delenv(fake.BROKEN)
    ask(folder, "retry", sample.plan.keys)
    driven(sample, store)
    assert counts(states(sample.plan, store)) == {"done": 6}


def test_a_driver_at_work_takes_up_what_is_asked(sample: Planned, tmp_path: Path) -> None:
    from archspec.spec.runner import RUNNER
    from archspec.studies.driving import drive

    store = tmp_path / "store"
    folder, last = StudyFolder.of(store, sample.plan), sample.plan.keys[-1]
    folder.cancel([last])
    seen: list[Event] = []

    def on(event: Event) -> None:
        seen.append(event)
        if event.what == "done" and len(waiting(folder)) == 0 and last in folder.cancelled():
            ask(folder, "retry", [last])

    drive(sample, store, RUNNER.load(RUNNER_), target=TARGET, on=on)
    assert counts(states(sample.plan, store)) == {"done": 6}
    assert [event.what for event in seen if event.run.key == last] == ["started", "done"]


def test_what_says_nothing_is_taken_away(sample: Planned, tmp_path: Path) -> None:
    store = tmp_path / "store"
    folder = StudyFolder.of(store, sample.plan)
    folder.keep(sample.plan)
    folder_of(folder).mkdir()
    for number, text in enumerate(('{"what": "delete", "keys": ["a"]}', '{"keys": 3}', "no JSON", "{}")):
        (folder_of(folder) / f"{number}.json").write_text(text)
    assert carry_out(folder, store) == []
    assert waiting(folder) == []
    assert folder.cancelled() == frozenset()


def test_a_finished_run_stays_finished(sample: Planned, tmp_path: Path) -> None:
    store = tmp_path / "store"
    driven(sample, store)
    folder = StudyFolder.of(store, sample.plan)
    ask(folder, "retry", sample.plan.keys)
    assert driven(sample, store)[0] == []
    run = RunFolder(Store(store).run(sample.plan.keys[0]))
    assert [attempt.number for attempt in run.attempts()] == [1]
