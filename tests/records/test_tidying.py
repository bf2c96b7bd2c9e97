"""What can go goes, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archspec.errors import RecordsError
from archspec.records.knowing import told
from archspec.records.run import RunFolder
from archspec.records.store import Store
from archspec.records.tidying import delete, disposable
from tests.records.stores import finished_run, key, lost_run, plan_of, planned_run, tried

pytestmark = pytest.mark.usefixtures("quick_disk")
LONG_AGO = 1_000_000_000


def old(path: Path, content: bytes = b"half") -> Path:
    """A file that nobody has written to for long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_bytes(content)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def checkpoint(run: RunFolder, attempt: int = 1) -> Path:
    path = run.attempt(attempt).checkpoints / "0000000010-0123456789abcdef.pt"
    path.write_bytes(b"weights")
    return path


def gone(store: Path, *, orphans: bool = False) -> dict[str, set[str]]:
    """What is deleted, by its kind, as paths within the store; first it is only said."""
    before = files(store)
    found = disposable(Store(store), orphans=orphans)
    assert files(store) == before
    freed = delete(Store(store), found)
    assert freed == sum(item.bytes for item in found)
    assert not disposable(Store(store), orphans=orphans)
    kinds = {item.kind for item in found}
    return {kind: {str(item.path.relative_to(store)) for item in found if item.kind == kind} for kind in kinds}


def files(store: Path) -> set[Path]:
    return {path for path in store.rglob("*") if path.is_file()}


def within(run: RunFolder, path: Path) -> str:
    return str(path.relative_to(run.path.parents[1]))


@pytest.mark.parametrize(("state", "goes"), [("done", True), ("pruned", True), ("invalid", True), ("failed", False)])
def test_checkpoints_of_finished_runs_go(tmp_path: Path, state: str, goes: bool) -> None:
    run = finished_run(tmp_path, 1, state)
    path = checkpoint(run)
    assert gone(tmp_path) == ({"checkpoint": {within(run, path)}} if goes else {})
    assert path.exists() is not goes


def test_what_a_run_is_known_by_stays(tmp_path: Path) -> None:
    run = lost_run(tmp_path, 1)
    checkpoint(run)
    run.attempt(1).log.write_text("said\n")
    second = tried(run)
    second.model.write_bytes(b"network")
    run.finish(second, {"state": "done", "top1": 1.0})
    second.leave()
    before = told(run)
    found = gone(tmp_path)
    assert found["superseded"] == {within(run, run.attempt(1).metrics)}
    assert len(found["checkpoint"]) == 1
    assert told(run) == before
    assert second.model.exists()
    assert run.attempt(1).log.exists()


@pytest.mark.parametrize("state", ["running", "lost", "planned"])
def test_runs_that_may_go_on_keep_everything(tmp_path: Path, state: str) -> None:
    run = planned_run(tmp_path, 1)
    if state != "planned":
        attempt = tried(run)
        checkpoint(run)
        if state == "lost":
            attempt.leave()
    before = files(tmp_path)
    assert gone(tmp_path) == {}
    assert files(tmp_path) == before


def test_half_made_files_go_when_they_are_old(tmp_path: Path) -> None:
    run, live = lost_run(tmp_path, 1), planned_run(tmp_path, 2)
    attempt = tried(live)
    left = {
        old(run.path / ".result.json.0a1b.tmp"),
        old(run.attempt(1).checkpoints / ".0000000010-ab.pt.0a1b.tmp"),
        old(run.attempt(1).path / "model.partial"),
        old(tmp_path / "weights" / "abc.partial"),
        old(tmp_path / "environments" / ".x.json.0a1b.tmp"),
        old(tmp_path / "studies" / "small" / ".plan.json.0a1b.tmp"),
        old(tmp_path / ".gone" / "123-ab" / "run.yaml").parent,
        old(tmp_path / ".importing-ab" / "contents.json").parent,
    }
    for folder in (tmp_path / ".gone" / "123-ab", tmp_path / ".importing-ab"):
        old(folder)
    stays = [old(attempt.path / "model.partial"), run.path / ".run.yaml.0c.tmp", tmp_path / "weights" / "new.partial"]
    for path in stays[1:]:
        path.write_bytes(b"being written")
    assert gone(tmp_path) == {"temporary": {str(path.relative_to(tmp_path)) for path in left}}
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in stays)


def test_orphans_go_only_when_asked(tmp_path: Path) -> None:
    wanted, needed, orphan = (finished_run(tmp_path, number) for number in (1, 2, 3))
    lost, waiting = lost_run(tmp_path, 4), planned_run(tmp_path, 5)
    live, fresh = planned_run(tmp_path, 6), finished_run(tmp_path, 7)
    tried(live)
    plan_of(tmp_path, "small", [wanted], needs=[key(2)])
    for run in (wanted, needed, orphan, lost, waiting, live):
        old(run.run_yaml)
    assert gone(tmp_path) == {}
    assert gone(tmp_path, orphans=True) == {"orphan": {f"runs/{key(number)}" for number in (3, 4, 5)}}
    assert Store(tmp_path).keys() == [key(1), key(2), key(6), key(7)]
    assert fresh.path.exists()
    assert not (tmp_path / ".gone").exists()


def test_without_a_readable_plan_nobody_is_an_orphan(tmp_path: Path) -> None:
    old(finished_run(tmp_path, 1).run_yaml)
    old(tmp_path / "studies" / "small" / "plan.json", b"{}")
    with pytest.raises(RecordsError, match="is no plan"):
        disposable(Store(tmp_path), orphans=True)
    assert disposable(Store(tmp_path)) == []


def test_a_run_that_began_meanwhile_is_left_alone(tmp_path: Path) -> None:
    run = planned_run(tmp_path, 1)
    old(run.run_yaml)
    found = disposable(Store(tmp_path), orphans=True)
    assert len(found) == 1
    tried(run)
    assert delete(Store(tmp_path), found) == 0
    assert run.exists()


def test_what_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    run = finished_run(tmp_path, 1)
    path = checkpoint(run)
    run.result_json.write_text("no JSON")
    assert gone(tmp_path) == {}
    assert path.exists()


def test_a_link_out_of_the_store_is_not_followed(tmp_path: Path) -> None:
    elsewhere = finished_run(tmp_path / "elsewhere", 1)
    old(elsewhere.run_yaml)
    (tmp_path / "store" / "runs").mkdir(parents=True)
    (tmp_path / "store" / "runs" / key(1)).symlink_to(elsewhere.path)
    assert gone(tmp_path / "store", orphans=True) == {}
    assert elsewhere.result() is not None


def test_an_empty_store(tmp_path: Path) -> None:
    assert disposable(Store(tmp_path), orphans=True) == []
    assert disposable(Store(tmp_path / "none")) == []


def test_attempts_that_were_never_begun_go(tmp_path: Path) -> None:
    run = finished_run(tmp_path, 1)
    half, fresh = run.attempts_folder / ".half.tmp", run.attempts_folder / ".fresh.tmp"
    for folder in (half, fresh):
        (folder / "checkpoints").mkdir(parents=True)
    os.utime(half, (LONG_AGO, LONG_AGO))
    assert gone(tmp_path) == {"temporary": {within(run, half)}}
    assert fresh.exists()
    assert not half.exists()
