"""Whatever dies, the end is what it would have been."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from archspec.records.run import RunFolder
from archspec.training import checkpoint
from archspec.training.attempting import SupersededError
from archspec.training.progress import Quiet
from archspec.training.train import train
from tests.training.runs import counting, environment, outcome, run_in, start

OFTEN: dict[str, Any] = {"ema": 0.9, "select": "best", "checkpoint": {"minutes": 0.0005, "keep": 3}}
"""A checkpoint at about every step, with everything in it that a checkpoint may hold."""


class Interrupting(Quiet):
    """Does something at a step."""

    def __init__(self, at: int, act: Any) -> None:
        self.at, self.act = at, act

    def advance(self, done: int, text: str) -> None:
        if done == self.at:
            self.act()


class Died(Exception):
    """As if the process had ended, except that the files stay."""


def die() -> None:
    raise Died


def killed_at_a_random_moment(run: RunFolder, rng: random.Random, seconds: float) -> bool:
    """Start an attempt and kill it somewhere in its training; whether it was still alive then."""
    number = len(run.attempts()) + 1
    child = start(run)
    while (
        child.poll() is None and not run.attempt(number).log.exists() and not run.attempt(number).environment.exists()
    ):
        time.sleep(0.005)
    deadline = time.monotonic() + rng.uniform(0, seconds)
    while child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    alive = child.poll() is None
    child.kill()
    child.communicate()
    return alive


def kill_until_done(store: Path, kills: int, seed: int) -> None:
    rng, undisturbed, run = random.Random(seed), run_in(store / "one", **OFTEN), run_in(store / "two", **OFTEN)
    begin = time.monotonic()
    train(undisturbed.path)
    seconds = (time.monotonic() - begin) / kills
    landed = sum(killed_at_a_random_moment(run, rng, 2 * seconds) for _ in range(kills))
    train(run.path)
    assert landed, "every attempt ended before it could be killed"
    assert outcome(run) == outcome(undisturbed)


def test_kill_9_changes_nothing(tmp_path: Path) -> None:
    kill_until_done(tmp_path, kills=4, seed=0)


@pytest.mark.slow
def test_kill_9_changes_nothing_many_times(tmp_path: Path) -> None:
    kill_until_done(tmp_path, kills=20, seed=1)


def died_at(run: RunFolder, step: int) -> None:
    with pytest.raises(Died):
        train(run.path, Interrupting(step, die))


@pytest.mark.parametrize("harm", ["torn", "truncated", "empty", "other numbers"])
def test_a_damaged_checkpoint_is_passed_over_with_a_warning(tmp_path: Path, harm: str) -> None:
    undisturbed, run = run_in(tmp_path / "one", **OFTEN), run_in(tmp_path / "two", **OFTEN)
    train(undisturbed.path)
    died_at(run, 30)
    newest, before = run.checkpoints()[:2]
    content = newest.read_bytes()
    middle = len(content) // 2
    damaged = {"torn": content[:middle] + bytes(len(content) - middle), "truncated": content[:middle], "empty": b""}
    newest.write_bytes(damaged.get(harm, content[:middle] + b"?" + content[middle + 1 :]))
    train(run.path)
    log = counting(run).log.read_text()
    assert f"warning: the checkpoint {newest} is passed over" in log
    assert f"resumed at step {int(before.name[:10])} " in log
    assert outcome(run) == outcome(undisturbed)


def test_a_checkpoint_that_would_run_code_is_not_loaded(tmp_path: Path) -> None:
    path = checkpoint.write(tmp_path, 3, {"position": Path("somewhere")})
    messages: list[str] = []
    assert checkpoint.newest([path], messages.append) is None
    assert "passed over" in messages[0]


def test_only_the_newer_of_two_attempts_counts(tmp_path: Path) -> None:
    undisturbed, run = run_in(tmp_path / "one", **OFTEN), run_in(tmp_path / "two", **OFTEN)
    train(undisturbed.path)
    with pytest.raises(SupersededError):
        train(run.path, Interrupting(30, lambda: train(run.path)))
    assert run.result() is not None
    assert counting(run).number == 2
    assert outcome(run) == outcome(undisturbed)


def test_old_checkpoints_are_deleted(tmp_path: Path) -> None:
    run = run_in(tmp_path, **OFTEN)
    died_at(run, 30)
    assert len(run.checkpoints()) == 3
    train(run.path)
    assert run.checkpoints() == []


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    run = run_in(tmp_path, epochs=1)
    result = train(run.path)
    assert train(run.path) == result
    assert len(run.attempts()) == 1


def test_a_full_disk_is_told_of_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    run = run_in(tmp_path, epochs=1)
    limited = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000));"
    code = f"{limited} runpy.run_module('archspec.training.train', run_name='__main__')"
    command = [sys.executable, "-c", code, str(run.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert run.result() is None
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".tmp", ".partial", ".pt")]
    assert train(run.path)["state"] == "done"
