"""Stores with runs in them that nobody trained."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archspec.records.attempt import Attempt
from archspec.records.files import append_line
from archspec.records.run import RunFolder
from archspec.records.store import Store

SHARED: dict[str, Any] = {
    "archspec": "0.1.0",
    "torch": "2.9.0",
    "cuda": "13.0",
    "device": "an accelerator",
    "git": {"commit": "abc", "changed": True},
    "packages": {"numpy": "2.0"},
}
HERE: dict[str, Any] = {"host": "node1", "processes": 2, "placed": "cuda:0", "job": "77", "started": 1000.0}


def key(number: int) -> str:
    """A key like those that archspec gives."""
    return f"{number:020x}"


def planned_run(store: Path, number: int, **more: Any) -> RunFolder:
    """A run nobody has tried."""
    about = {"seed": number % 3, "data": "digits-1", "arch": {"arch": "net"}, "recipe": {"recipe": "short"}}
    return RunFolder.create(store, {"key": key(number), **about, **more})


def tried(run: RunFolder, epochs: range = range(1, 4), seconds: float = 2.0) -> Attempt:
    """An attempt that goes on, with epochs that it has trained itself."""
    attempt = run.claim()
    attempt.record_environment(SHARED, **HERE)
    trained(attempt, epochs, seconds)
    return attempt


def trained(attempt: Attempt, epochs: range, seconds: float = 2.0) -> None:
    """More epochs of an attempt."""
    for epoch in epochs:
        line = {"epoch": epoch, "step": 10 * epoch, "train_loss": 1 / epoch}
        append_line(attempt.metrics, line | ({} if epoch % 2 else {"top1": 50.0 + epoch, "val_loss": float("nan")}))
        wall = {"epoch": epoch, "step": 10 * epoch, "seconds": seconds, "images_per_second": 100.0, "memory_mib": 7}
        append_line(attempt.timing, wall)


def finished_run(store: Path, number: int, state: str = "done", **result: Any) -> RunFolder:
    """A run that has ended."""
    run = planned_run(store, number)
    attempt = tried(run)
    scores = (
        {"epoch": 3, "steps": 30, "top1": 50.0 + number, "loss": 0.5} if state == "done" else {"reason": "diverged"}
    )
    run.finish(attempt, {"state": state, **scores, **result})
    attempt.leave()
    return run


def lost_run(store: Path, number: int) -> RunFolder:
    """A run whose only attempt has ended without a result."""
    run = planned_run(store, number)
    tried(run).leave()
    return run


def plan_of(store: Path, name: str, runs: list[RunFolder], needs: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    """A study with two arms, its baseline and another, that share out some runs."""
    about: dict[str, Any] = {"study": name, "profile": "", "design": "one_factor", "metric": "top1", "paper": "a_paper"}
    arms = [arm(name, "baseline/net", "", paper={"top1": 52.0}), arm(name, "norm/none", "norm")]
    planned = [
        {"key": run.path.name, "arm": arms[number % 2]["id"], "seed": number // 2, "role": "train", "needs": [*needs]}
        for number, run in enumerate(runs)
    ]
    plan = {**about, "seeds": [0], "arms": arms, "runs": planned, "max_failures": None, "warnings": [], **more}
    folder = Store(store).study(name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(json.dumps(plan))
    return plan


def arm(study: str, name: str, factor: str, **more: Any) -> dict[str, Any]:
    """An arm as a plan tells of it."""
    texts = {"name": name.rpartition("/")[2], "factor": factor, "baseline": "net", "against": "", "digest": "d"}
    costs = dict.fromkeys(("params", "frozen_params", "macs", "activations", "training_macs", "images"), 5)
    about = {"arch": "net", "recipe": "short", "levels": {"norm": "none"}, "changes": {"stages.norm": "none"}}
    return {
        "id": name,
        **texts,
        **about,
        "table": "",
        "paper": {},
        **costs,
        "training_macs": 10**20,
        "notes": [],
        **more,
    }
