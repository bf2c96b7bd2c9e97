"""The index of a store with 20,000 runs and a million metrics: making it, and what status and report ask of it."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from archspec.records.index import Index
from archspec.records.store import Store

RUNS, EPOCHS, METRICS = 20_000, 10, ("lr", "train_loss", "val_loss", "top1", "top5")
STUDY = 240
"""Runs of one study among them."""

T = TypeVar("T")


def fill(store: Path) -> None:
    """Write run folders; straight, since nothing here has to survive a power cut."""
    lines = [{"epoch": n, "step": 10 * n, **dict.fromkeys(METRICS, 1 / n)} for n in range(1, EPOCHS + 1)]
    times = [{"epoch": n, "step": 10 * n, "seconds": 1.5, "images_per_second": 1e3} for n in range(1, EPOCHS + 1)]
    contents = {
        "attempts/1/metrics.jsonl": "".join(f"{json.dumps(line)}\n" for line in lines),
        "attempts/1/timing.jsonl": "".join(f"{json.dumps(line)}\n" for line in times),
        "attempts/1/lease": '{"left": true}',
        "result.json": json.dumps({"state": "done", "top1": 70.0, "top5": 90.0, "loss": 1.0, "attempt": 1}),
    }
    for number in range(RUNS):
        run = Store(store).run(f"{number:020x}")
        (run / "attempts" / "1").mkdir(parents=True)
        (run / "run.yaml").write_text(f"key: {run.name}\nseed: {number % 3}\ndata: none\n")
        for name, text in contents.items():
            (run / name).write_text(text)


def timed(name: str, work: Callable[[], T]) -> T:
    """Do something and print how long it took."""
    start = time.perf_counter()
    done = work()
    print(f"{time.perf_counter() - start:8.3f} s  {name}", flush=True)
    return done


def run() -> None:
    """Print the times; the goal for those after the first is two seconds together."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder)
        fill(store)
        rows = RUNS * EPOCHS * len(METRICS)
        timed(f"the index made from {RUNS:,} runs with {rows:,} metrics", lambda: Index.open(store).close())
        keys = [f"{number:020x}" for number in range(RUNS)]
        with timed("opened, and brought up to date with nothing new", lambda: Index.open(store)) as index:
            timed(f"what is known about a study's {STUDY} runs", lambda: index.known(keys[:STUDY]))
            timed(f"curves of {STUDY} runs", lambda: index.curves(keys[:STUDY]))
            timed("what is known about all runs", lambda: index.known(keys))
            timed("one curve of every run", lambda: index.curves(keys, ["top1"]))
