"""What a study costs beside its training: planning a large factorial, and driving runs that take no time."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from archspec.cli.study.plan import lines
from archspec.records.index import Index
from archspec.records.run import RunFolder
from archspec.spec.runner import RUNNER
from archspec.studies.driving import drive
from archspec.studies.planning import planned

RUNS = 500
SIDES = {
    "stages.0.mixer.kernel": (1, 3, 5, 7, 9),
    "stages.0.mlp.ratio": (1, 2, 3, 4, 5),
    "stages.1.mixer.kernel": (3, 5, 7, 9),
    "stages.1.dim": (32, 48, 64, 80, 96),
    "stages.1.depth": (1, 2, 3, 4),
}
"""2,000 combinations."""
DOCUMENTS = """\
---
arch: base
input: {size: 32}
stem: {kind: patch, size: 4}
defaults: {mixer: {kind: sep_conv, kernel: 3}, mlp: {ratio: 2}, downsample: {kind: patch, size: 2}}
stages: [{dim: 32, depth: 2}, {dim: 64, depth: 2}]
head: linear
---
recipe: brief
data: digits
epochs: 1
batch: 64
"""


def factorial() -> str:
    """A study of all combinations."""
    factors = {
        f"f{number}": ", ".join(f"v{value}: {{{path}: {value}}}" for value in values)
        for number, (path, values) in enumerate(SIDES.items())
    }
    written = "".join(f"  {name}: {{{arms}}}\n" for name, arms in factors.items())
    return f"study: large\nbaseline: base\nrecipe: brief\ndesign: factorial\nfactors:\n{written}{DOCUMENTS}"


def work(folder: str) -> int:
    """A run that takes no time; how long it took it writes down."""
    start, run = time.perf_counter(), RunFolder(Path(folder))
    attempt = run.claim()
    attempt.record_environment({"torch": "none"}, host="here", processes=1)
    run.finish(attempt, {"state": "done", "top1": 50.0, "took": time.perf_counter() - start})
    attempt.leave()
    return 0


def plan_large(folder: Path) -> None:
    """Plan 2,000 combinations, and write the plan's table."""
    (folder / "large.yaml").write_text(factorial())
    start = time.perf_counter()
    found = planned(folder / "large.yaml")
    middle = time.perf_counter()
    with Index.open(folder / "store") as index:
        lines(found, index.known(found.plan.keys), 120)
    end = time.perf_counter()
    print(f"{middle - start:8.3f} s  a factorial of {len(found.plan.keys):,} runs planned")
    print(f"{end - middle:8.3f} s  and told")


def drive_many(folder: Path) -> None:
    """Drive runs over two workers, and take away what the runs themselves take."""
    (folder / "many.yaml").write_text(f"study: many\nbaseline: base\nrecipe: brief\nseeds: {RUNS}\n{DOCUMENTS}")
    found, store = planned(folder / "many.yaml"), folder / "driven"
    runner = RUNNER.load({"kind": "local", "parallelism": 2})
    start = time.perf_counter()
    with patch.dict(os.environ, {"PYTHONPATH": str(Path(__file__).parents[1])}):
        drive(found, store, runner, target="benchmarks.studies:work")
    whole = time.perf_counter() - start
    results = (RunFolder(path).result() or {} for path in (store / "runs").iterdir())
    took = sum(result["took"] for result in results)
    print(f"{whole:8.3f} s  {RUNS} runs driven over 2 workers; they themselves took {took:.3f} s")
    print(f"{whole / RUNS:8.3f} s  for each run, and {(whole - took / 2) / RUNS:.3f} s beyond its function")
    start = time.perf_counter()
    drive(found, store, runner, target="benchmarks.studies:work")
    print(f"{time.perf_counter() - start:8.3f} s  the same study again, when all is done")


def run() -> None:
    """Print the times."""
    with tempfile.TemporaryDirectory() as folder:
        plan_large(Path(folder))
        drive_many(Path(folder))
        print(f"load {os.getloadavg()[0]:.1f}")
