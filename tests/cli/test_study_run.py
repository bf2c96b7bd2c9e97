"""`archspec study run`: who looks on, who stops it, and who goes on without a terminal."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from archspec.cli.study.watching import Board
from archspec.records.known import Known
from archspec.records.lease import alive
from archspec.records.run import RunFolder
from archspec.studies.driving import Event
from archspec.studies.planning import planned
from tests.cli.conftest import ANSI, Run, in_terminal, process
from tests.studies.samples import ARCH, STUDY, written
from tests.studies.test_driving import until

BRIEF = ("sample.yaml", "--profile", "check", "--only", "norm")
STORE = Path("archspec-store")


def results() -> list[str]:
    """How the runs of the store have ended."""
    return [json.loads(path.read_text())["state"] for path in STORE.glob("runs/*/result.json")]


def test_in_this_process_one_run_after_another(desk: Path, run: Run) -> None:
    written(desk)
    told = json.loads(run("study", "run", *BRIEF, "--runner", "inline", "--json").stdout)
    assert [row["n"] for row in told["arms"]] == [1, 0, 1, 1]
    page = STORE / "studies" / "sample@check" / "report.html"
    assert run("study", "run", *BRIEF, "--runner", "inline").stderr == ""
    first = page.stat().st_ino
    run("study", "run", *BRIEF, "--runner", "inline")
    assert page.stat().st_ino == first, "written again, though nothing has changed"
    run("study", "run", "sample.yaml", "--profile", "check", "--runner", "inline")
    assert page.stat().st_ino != first


def test_on_a_terminal_one_sees_how_far_everything_is(desk: Path) -> None:
    written(desk)
    said = ANSI.sub("", in_terminal(["study", "run", *BRIEF], columns=80))
    assert "0/2  2 running, 0 left" in said or "0/2  1 running, 1 left" in said
    assert "done     norm/batch, seed 0" in said
    assert "Compared with tiny" in said


def test_a_board_tells_epochs_scores_and_how_long_it_may_take(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = planned(written(desk), seeds=(0,))
    first, second = found.plan.runs[:2]
    folder = RunFolder.create(STORE, found.document(first.key))
    folder.claim().metrics.write_text('{"epoch": 1, "step": 20, "top1": 12.5}\n')
    board = Board(found, 3, STORE)
    for run in (first, second):
        board(Event("started", run, Known(run.key)))
    assert board.told(first) == "baseline/tiny, seed 0  epoch 1/1  top1 12.50"
    assert board.counts() == "0/3  2 running, 1 left"
    board(Event("failed", second, Known(second.key, "failed", reason="it broke")))
    monkeypatch.setattr("archspec.cli.study.watching.time.monotonic", lambda: board.began + 90.0)
    assert board.counts() == "1/3  1 failed, 1 running, 1 left, about 3 min"


def test_a_study_that_is_left_alone_goes_on(desk: Path) -> None:
    written(desk)
    said = process("study", "run", *BRIEF, "--detach")
    assert said.returncode == 0, said.stderr
    assert "archspec study status sample" in said.stderr
    folder = STORE / "studies" / "sample@check"
    until(lambda: len(results()) == 2)
    until(lambda: alive(json.loads((folder / "driver.json").read_text())) is False)
    assert results() == ["done", "done"]
    until(lambda: "report:" in (folder / "driver.log").read_text())


def test_ctrl_c_has_runs_saved_and_says_how_to_go_on(desk: Path, run: Run) -> None:
    (desk / "sample.yaml").write_text(STUDY + ARCH.replace("epochs: 1", "epochs: 5000"))
    command = [sys.executable, "-m", "archspec", "study", "run", "sample.yaml"]
    driver = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    until(lambda: len([*STORE.glob("runs/*/attempts/1/metrics.jsonl")]) >= 1)
    assert "is being driven already" in run("study", "run", "sample.yaml", code=1).stderr
    driver.send_signal(signal.SIGINT)
    _, said = driver.communicate(timeout=300)
    assert driver.returncode == 130
    assert "stopping" in said
    assert "the same command goes on: archspec study run sample.yaml" in said
    begun = [RunFolder(path) for path in STORE.glob("runs/*") if [*path.glob("attempts/1/metrics.jsonl")]]
    assert all(folder.checkpoints() and not folder.result() for folder in begun)
    assert not any(attempt.alive() for folder in begun for attempt in folder.attempts())
