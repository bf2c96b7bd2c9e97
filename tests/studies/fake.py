"""A stand-in for training: quick, resumable, and as strict about run folders as the real thing."""

from __future__ import annotations

import os
import time
from pathlib import Path

from archspec.errors import FullError
from archspec.execution.jobs import AGAIN, wanted
from archspec.records.files import append_line, write_json
from archspec.records.run import RunFolder

STEPS = 6
PACE = "FAKE_PACE"
"""Seconds a step takes."""
BROKEN = "FAKE_BROKEN"
"""Seeds, with commas, whose runs go wrong: `raise`, `die`, `full`, `again` or `noise` after a colon."""
BROKEN_KEY = "FAKE_BROKEN_KEY"
"""The key of a run that goes wrong."""
GATE = "FAKE_GATE"
"""A file; while it is not there, nothing goes on."""


def work(folder: str) -> int:
    """A few steps, a checkpoint after each; the score follows from the key alone."""
    run = RunFolder(Path(folder))
    if run.result() is not None:
        return 0
    wrong = dict(part.split(":") for part in os.environ.get(BROKEN, "").split(",") if part)
    begin = len(run.metrics())
    attempt = run.claim()
    attempt.record_environment({"torch": "fake", "device": "cpu"}, host="here", placed="cpu", processes=1)
    for step in range(begin):
        append_line(attempt.metrics, line_of(run.key, step))
    for step in range(begin, STEPS):
        time.sleep(float(os.environ.get(PACE, "0")))
        while not Path(os.environ.get(GATE, "/")).exists():
            time.sleep(0.01)
        if not wanted():
            attempt.leave()
            return AGAIN
        _go_wrong("raise" if run.key == os.environ.get(BROKEN_KEY) else "")
        _go_wrong(wrong.get(str(run.spec()["seed"]), ""))
        write_json(attempt.checkpoints / f"{step + 1}.json", {"step": step + 1})
        append_line(attempt.metrics, line_of(run.key, step))
        append_line(attempt.timing, {"epoch": step + 1, "step": step + 1, "seconds": 0.05})
        if attempt.number == 1 and wrong.get(str(run.spec()["seed"])) == "again":
            attempt.leave()
            return AGAIN
    score = score_of(run.key)
    scores = {"score": score} if run.measures else {"top1": score, "loss": 0.5}
    run.finish(attempt, {"state": "done", "epoch": STEPS, "steps": STEPS, **scores})
    attempt.leave()
    return 0


def score_of(key: str) -> float:
    """What a run of a key reaches."""
    return 50 + int(key[:4], 16) / 65536 * 40


def line_of(key: str, step: int) -> dict[str, float]:
    """What it measures after a step; on val it gets there linearly."""
    top1 = score_of(key) * (step + 1) / STEPS
    return {"epoch": step + 1, "step": step + 1, "train_loss": 1.0, "val_loss": 1 - top1 / 100, "top1": top1}


def _go_wrong(how: str) -> None:
    if how == "raise":
        raise ValueError("this one is broken")
    if how == "die":
        os.kill(os.getpid(), 9)
    if how == "full":
        raise FullError("the disk is full; free some space")
    if how == "noise":
        print('{"code": 7, "error": ""}', flush=True)
        os.write(1, b"garbage\n")
