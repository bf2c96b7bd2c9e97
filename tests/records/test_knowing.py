"""What a folder tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archspec.records.knowing import known, told
from archspec.records.known import Known
from tests.records.stores import finished_run, key, lost_run, planned_run, trained, tried

pytestmark = pytest.mark.usefixtures("quick_disk")


def test_a_run_nobody_has_tried(tmp_path: Path) -> None:
    assert known(planned_run(tmp_path, 1)) == Known(key(1))


def test_a_run_somebody_works_on(tmp_path: Path) -> None:
    run = planned_run(tmp_path, 1)
    attempt = run.claim()
    assert known(run) == Known(key(1), "running", attempt=1)
    trained(attempt, range(1, 3))
    found = known(run)
    assert (found.state, found.epoch, found.step, found.seconds) == ("running", 2, 20, 4.0)
    assert found.last == {"train_loss": 0.5, "top1": 52.0}
    assert found.ended is None


def test_a_run_that_died_and_one_that_cannot_be_seen(tmp_path: Path) -> None:
    assert known(lost_run(tmp_path, 1)).state == "lost"
    run = planned_run(tmp_path, 2)
    tried(run).lease.write_text(json.dumps({"host": "far away", "boot": "b", "container": "c", "pid": 1, "time": 0}))
    assert known(run).state == "unknown"


def test_a_finished_run(tmp_path: Path) -> None:
    run = finished_run(tmp_path, 3, micro_batch=8, weights="abc")
    found = known(run)
    assert (found.state, found.attempt, found.epoch, found.scores) == ("done", 1, 3, {"top1": 53.0, "loss": 0.5})
    assert (found.images_per_second, found.memory_mib, found.seconds) == (100.0, 7.0, 6.0)
    assert (found.gpus, found.device, found.torch, found.commit) == (2, "an accelerator", "2.9.0", "abc+")
    assert found.ended == pytest.approx(run.result_json.stat().st_mtime)


def test_a_failed_run_says_why(tmp_path: Path) -> None:
    found = known(finished_run(tmp_path, 1, "failed", step=7, culprit="loss"))
    assert (found.state, found.reason, found.scores) == ("failed", "diverged", {})


def test_only_finite_numbers_are_scores(tmp_path: Path) -> None:
    run = finished_run(tmp_path, 1, missing=None, flag=True, words="12", huge=float("inf"))
    assert set(known(run).scores) == {"top1", "loss"}


def test_time_is_counted_over_all_attempts_and_metrics_once(tmp_path: Path) -> None:
    """A later attempt copies the metrics of its checkpoint's epochs, not their times."""
    run = lost_run(tmp_path, 1)
    second = tried(run, range(0))
    second.metrics.write_text("".join(run.attempt(1).metrics.read_text().splitlines(keepends=True)[:2]))
    trained(second, range(3, 5), seconds=5.0)
    found = told(run)
    assert found.known.seconds == 3 * 2.0 + 2 * 5.0
    assert [(point.epoch, point.seconds) for point in found.points] == [(1, 2.0), (2, 2.0), (3, 5.0), (4, 5.0)]
    assert [one.seconds for one in found.tried] == [6.0, 10.0]


def test_a_stale_copy_does_not_count_beyond_its_time(tmp_path: Path) -> None:
    run = lost_run(tmp_path, 1)
    second = tried(run, range(1, 3), seconds=5.0)
    run.finish(second, {"state": "done", "top1": 1.0})
    trained(run.attempt(1), range(4, 9), seconds=1.0)
    found = told(run)
    assert (found.known.attempt, found.known.epoch, len(found.points)) == (2, 2, 2)
    assert found.known.seconds == 6.0 + 10.0 + 5.0


def test_a_finished_run_is_never_lost_in_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finishes writes the result and leaves, perhaps just while somebody looks."""
    run = planned_run(tmp_path, 1)
    attempt = tried(run)
    alive = type(attempt).alive

    def finishing(self: object) -> bool | None:
        run.finish(attempt, {"state": "done", "top1": 1.0})
        attempt.leave()
        return alive(attempt)

    monkeypatch.setattr(type(attempt), "alive", finishing)
    assert known(run).state == "done"


@pytest.mark.parametrize("file", ["metrics.jsonl", "timing.jsonl", "environment.json", "lease"])
def test_a_spoilt_file_is_told(tmp_path: Path, file: str) -> None:
    run = lost_run(tmp_path, 1)
    (run.attempt(1).path / file).write_text("[1]\n{}\n")
    assert known(run).state == "unknown"
    assert file in known(run).reason


@pytest.mark.parametrize("result", ["{}", '{"state": "done"}', '{"attempt": "x", "state": "done"}', '{"attempt": []}'])
def test_a_result_that_is_none_is_told(tmp_path: Path, result: str) -> None:
    run = lost_run(tmp_path, 1)
    run.result_json.write_text(result)
    assert known(run).state in ("unknown", "lost")
