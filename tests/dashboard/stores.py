"""Stores that look as if studies had been run, written straight."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from archspec.records.lease import lease
from archspec.records.store import Store
from archspec.studies.plan import Plan
from tests.report.samples import GELU, LARGE, REACHED, RELU, VIT, Values, arm, plan

EPOCHS = 8
HERE = {"environment": "e0", "host": "node7", "placed": "cuda:0", "job": "4711", "started": 1.7e9, "processes": 2}
SHARED = {
    "archspec": "0.1",
    "torch": "2.9",
    "cuda": "13",
    "device": "GPU",
    "git": {"commit": "c0ffee", "changed": False},
}


def hexed(key: str) -> str:
    """A key like those that archspec gives."""
    return hashlib.sha256(key.encode()).hexdigest()[:20]


def real(made: Plan) -> Plan:
    """A plan whose keys can be folders, and are no other study's."""
    runs = tuple(replace(run, key=hexed(f"{made.study} {run.key}")) for run in made.runs)
    return replace(made, runs=runs)


def planned(store: Path, made: Plan, name: str = "") -> Path:
    """A study's folder with its plan."""
    folder = Store(store).study(name or made.study)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(json.dumps(made.to_dict()))
    return folder


def begun(store: Path, key: str, top1: float, *, seed: int = 0, epochs: int = EPOCHS, left: bool = True) -> Path:
    """A run that has come so far; one that nobody has left is at work."""
    run = Store(store).run(key)
    attempt = run / "attempts" / "1"
    (attempt / "checkpoints").mkdir(parents=True, exist_ok=True)
    (run / "run.yaml").write_text(f"key: {key!r}\nseed: {seed}\ndata: digits-1\narch: {{arch: net}}\n")
    lines = [{"epoch": e, "step": 10 * e, "top1": top1 - 40 / e, "val_loss": 1 / e} for e in range(1, epochs + 1)]
    times = [{"epoch": e, "step": 10 * e, "seconds": 225.0, "images_per_second": 1e3} for e in range(1, epochs + 1)]
    (attempt / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (attempt / "timing.jsonl").write_text("".join(json.dumps(line) + "\n" for line in times))
    (attempt / "environment.json").write_text(json.dumps(HERE))
    (attempt / "log.txt").write_text(f"epoch {epochs}\n")
    said: Mapping[str, Any] = {"left": True} if left else lease()  # the tests' own process, while they last
    (attempt / "lease").write_text(json.dumps(said))
    return run


def finished(store: Path, key: str, top1: float, *, seed: int = 0) -> Path:
    """A run that is done."""
    run = begun(store, key, top1, seed=seed)
    result = {"state": "done", "epoch": EPOCHS, "top1": top1, "loss": round(1 - top1 / 100, 6), "attempt": 1}
    (run / "result.json").write_text(json.dumps(result))
    return run


def failed(store: Path, key: str, reason: str, *, seed: int = 0) -> Path:
    """A run that went wrong."""
    run = begun(store, key, 50.0, seed=seed, epochs=2)
    (run / "attempts" / "1" / "failure.txt").write_text(f"Traceback (most recent call last):\n{reason}\n")
    (run / "result.json").write_text(json.dumps({"state": "failed", "reason": reason, "attempt": 1}))
    return run


def filled(store: Path, made: Plan, reached: Mapping[str, Values], name: str = "") -> Path:
    """A study whose arms have reached something, by the arm's id and the seed."""
    environment = Store(store).environments / "e0.json"
    environment.parent.mkdir(parents=True, exist_ok=True)
    environment.write_text(json.dumps(SHARED))
    for run in made.runs:
        top1 = reached.get(run.arm, {}).get(run.seed)
        if top1 is not None:
            finished(store, run.key, top1, seed=run.seed)
    return planned(store, made, name)


ONE_FACTOR = real(plan(VIT, RELU, GELU, LARGE, study="one_factor"))
VALUES: dict[str, Values] = {one.id: values for one, values in REACHED}
STEPS = [arm("steps", name, paper={"top1": p}) for name, p in (("a", 81.0), ("b", 82.5), ("c", 82.0))]
ROADMAP = real(plan(VIT, *STEPS, study="roadmap", design="roadmap", seeds=(0, 1)))
HEIGHTS: list[Values] = [{0: 70.0, 1: 72.0}, {0: 71.0, 1: 73.5}, {0: 73.0, 1: 75.0}, {0: 72.8, 1: 74.4}]
CROSSED = {("pool", "relu"): 80.0, ("pool", "gelu"): 81.0, ("attn", "relu"): 82.0, ("attn", "gelu"): 85.0}
CELLS = {
    place: replace(arm("mixer × act", ", ".join(place)), levels={"mixer": place[0], "act": place[1]})
    for place in CROSSED
}
FACTORIAL = real(plan(VIT, *CELLS.values(), study="factorial", design="factorial", paper=""))
JITTER = {0: 0.0, 1: 0.1, 2: -0.2}


def gallery(store: Path) -> None:
    """A study of each design, and one that is on its way."""
    filled(store, ONE_FACTOR, VALUES)
    filled(store, ROADMAP, dict(zip((VIT.id, *(step.id for step in STEPS)), HEIGHTS, strict=True)))
    reached: dict[str, Values] = {VIT.id: {seed: 80.5 + shift for seed, shift in JITTER.items()}}
    for number, (place, height) in enumerate(CROSSED.items()):
        reached[CELLS[place].id] = {s: height + shift * (1, 2, 2.5, 1.2)[number] for s, shift in JITTER.items()}
    filled(store, FACTORIAL, reached)
    under_way(store)


def under_way(store: Path) -> Plan:
    """A study with runs that are done, at work, failed, lost and planned."""
    made = real(plan(VIT, RELU, GELU, LARGE, study="under_way", profile="smoke"))
    filled(store, made, {VIT.id: {0: 81.0, 1: 82.0}, RELU.id: {0: 80.0}}, "under_way@smoke")
    keys = {(run.arm, run.seed): run.key for run in made.runs}
    begun(store, keys[RELU.id, 1], 80.0, seed=1, epochs=4, left=False)
    begun(store, keys[GELU.id, 0], 80.0, epochs=3)
    failed(store, keys[GELU.id, 1], "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB", seed=1)
    return made
