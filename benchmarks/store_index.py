"""The index of a store with 20,000 runs and a million metrics: making it, what is asked of it, status and report."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from archspec.records.index import Index
from archspec.records.store import Store
from archspec.studies.planning import planned

RUNS, EPOCHS, METRICS = 20_000, 10, ("lr", "train_loss", "val_loss", "top1", "top5")
STUDY, SEEDS = "ablation_metaformer", tuple(range(8))
"""A study of 256 runs among them."""

T = TypeVar("T")


def fill(store: Path) -> list[str]:
    """Write run folders, the study's first; straight, since nothing here has to survive a power cut."""
    lines = [{"epoch": n, "step": 10 * n, **dict.fromkeys(METRICS, 1 / n)} for n in range(1, EPOCHS + 1)]
    times = [{"epoch": n, "step": 10 * n, "seconds": 1.5, "images_per_second": 1e3} for n in range(1, EPOCHS + 1)]
    contents = {
        "attempts/1/metrics.jsonl": "".join(f"{json.dumps(line)}\n" for line in lines),
        "attempts/1/timing.jsonl": "".join(f"{json.dumps(line)}\n" for line in times),
        "attempts/1/lease": '{"left": true}',
        "result.json": json.dumps({"state": "done", "top1": 70.0, "top5": 90.0, "loss": 1.0, "attempt": 1}),
    }
    studied = planned(STUDY, seeds=SEEDS).plan.keys
    keys = [*studied, *(f"{number:020x}" for number in range(RUNS - len(studied)))]
    for number, key in enumerate(keys):
        run = Store(store).run(key)
        (run / "attempts" / "1").mkdir(parents=True)
        (run / "run.yaml").write_text(f"key: {run.name}\nseed: {number % 3}\ndata: none\n")
        for name, text in contents.items():
            (run / name).write_text(text)
    return keys


def command(*words: str) -> None:
    """A command as it is typed, from its start to its end."""
    subprocess.run([sys.executable, "-m", "archspec", *words], stdout=subprocess.DEVNULL, check=True)  # noqa: S603


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
        keys = fill(store)
        some = keys[: len(planned(STUDY, seeds=SEEDS).plan.keys)]
        rows = RUNS * EPOCHS * len(METRICS)
        timed(f"the index made from {RUNS:,} runs with {rows:,} metrics", lambda: Index.open(store).close())
        with timed("opened, and brought up to date with nothing new", lambda: Index.open(store)) as index:
            timed(f"what is known about a study's {len(some)} runs", lambda: index.known(some))
            timed(f"curves of {len(some)} runs", lambda: index.curves(some))
            timed("what is known about all runs", lambda: index.known(keys))
            timed("one curve of every run", lambda: index.curves(keys, ["top1"]))
        study = STUDY, "--seeds", f"{SEEDS[0]}-{SEEDS[-1]}", "--store", str(store)
        timed("archspec study status", lambda: command("study", "status", *study))
        timed("archspec study report", lambda: command("study", "report", *study))
