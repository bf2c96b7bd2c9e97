"""Asked to stop, a run stops within a step and goes on later as if nothing had been."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from archspec.execution.jobs import AGAIN, WANTED
from archspec.training.signals import Signals, Stopped
from archspec.training.train import train
from tests.training.runs import outcome, run_in, start
from tests.training.test_resume import Interrupting


@pytest.mark.parametrize(("name", "code"), [("SIGUSR1", 85), ("SIGUSR2", 85), ("SIGTERM", 85), ("SIGINT", 130)])
def test_a_signal_ends_in_a_checkpoint_and_an_exit_code(tmp_path: Path, name: str, code: int) -> None:
    undisturbed, run = run_in(tmp_path / "one"), run_in(tmp_path / "two")
    train(undisturbed.path)
    number = getattr(signal, name)
    with pytest.raises(Stopped) as stop:
        train(run.path, Interrupting(30, lambda: os.kill(os.getpid(), number)))
    assert stop.value.code == code
    assert run.result() is None
    assert int(run.checkpoints()[0].name[:10]) == 30
    train(run.path)
    assert outcome(run) == outcome(undisturbed)


def test_what_is_no_longer_wanted_stops_without_a_signal(tmp_path: Path) -> None:
    undisturbed, run = run_in(tmp_path / "one"), run_in(tmp_path / "two")
    train(undisturbed.path)
    steps = iter([True] * 29)
    asked = WANTED.set(lambda: next(steps, False))
    with pytest.raises(Stopped) as stop:
        train(run.path)
    WANTED.reset(asked)
    assert stop.value.code == AGAIN
    assert run.result() is None
    train(run.path)
    assert outcome(run) == outcome(undisturbed)


def test_a_process_exits_with_the_code(tmp_path: Path) -> None:
    run = run_in(tmp_path, epochs=1000)
    child = start(run)
    while child.poll() is None and not run.metrics():
        time.sleep(0.01)
    child.send_signal(signal.SIGTERM)
    asked = time.monotonic()
    _, said = child.communicate(timeout=300)
    assert child.returncode == 85, said
    assert time.monotonic() - asked < 10
    assert run.checkpoints()
    newest = run.newest()
    assert newest is not None
    assert newest.alive() is False


def test_a_second_ctrl_c_does_not_wait() -> None:
    with Signals() as signals:
        os.kill(os.getpid(), signal.SIGINT)
        assert signals.code == 130
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Signals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_another_thread_leaves_the_handlers_alone() -> None:
    before, seen = signal.getsignal(signal.SIGTERM), []

    def look() -> None:
        with Signals():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]
