"""The dashboard over 20,000 runs and two million metrics: start, memory, and every page on the server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from archspec.records.index import Index
from archspec.records.index.opening import WRITING, settle, transaction
from archspec.records.index.scanning import stamp
from archspec.records.index.tables import AttemptRow, PointRow, RunRow, Score, columns
from archspec.records.store import Store
from archspec.studies.plan import SEARCHING, TRIAL, Plan, PlannedArm, PlannedRun, PlannedTrial
from tests.dashboard.chromium import BROWSER, browser
from tests.dashboard.stores import finished

STUDIES, ARMS, SEEDS, EPOCHS, METRICS = 76, 50, 5, 20, ("lr", "train_loss", "val_loss", "top1", "top5")
TRIALS, DECISIONS = 1000, ("kernel", "mixer", "norm", "depth", "width", "ratio")
"""A search, which makes the 20,000 full."""
LARGE, SEARCH = "study-00", "a-search"
PAGES = (
    *("", "/table", "/table?epoch=best", "/factors", "/curves", "/curves?seeds=on&x=hours", "/tradeoffs", "/paper"),
    *("/runs", "/failures", "/arm", "/architecture?arm=caformer_b36", "/diff?a=convformer_b36&b=caformer_b36"),
)
SEARCHED = ("", "/search", "/table", "/tradeoffs", "/runs", "/architecture")
SHOWN = f"{7:020x}"
"""A run that is looked at."""
COMPARED = "&".join(f"s=study-0{number}" for number in range(4))

ADDRESSES = [*(f"/s/{LARGE}{path}" for path in PAGES), *(f"/s/{SEARCH}{path}" for path in SEARCHED), f"/runs/{SHOWN}"]


def arm(number: int) -> PlannedArm:
    """An arm of one of five factors; the first is the baseline."""
    names = ("", "baseline/net") if not number else (f"factor {number % 5}", "")
    of = {"params": 10**7 + number, "macs": 10**9 * (1 + number % 7), "training_macs": 10**15, "images": 10**6}
    base: dict[str, Any] = {"baseline": "net", "arch": "net", "recipe": "short", "digest": f"d{number}", **of}
    identity = names[1] or f"{names[0]}/arm {number}"
    against = "baseline/net" if number else ""
    paper = {"top1": 70.0 + number / 10}
    return PlannedArm(id=identity, name=f"arm {number}", factor=names[0], against=against, paper=paper, **base)


def plan(number: int) -> Plan:
    """One of the studies."""
    arms = tuple(arm(place) for place in range(ARMS))
    runs = tuple(
        PlannedRun(f"{(number * ARMS + place) * SEEDS + seed:020x}", one.id, seed)
        for seed in range(SEEDS)
        for place, one in enumerate(arms)
    )
    name = f"study-{number:02d}"
    return Plan(name, "", "one_factor", "top1", "a_paper", tuple(range(SEEDS)), arms, runs)


def search() -> Plan:
    """A search of two objectives, whose best candidate is trained anew."""
    shared: dict[str, Any] = {"factor": TRIAL, "against": ""}
    candidates = [replace(arm(1 + i), id=f"trial/{i}", name=str(i), **shared) for i in range(TRIALS)]
    arms = (arm(0), replace(arm(1), id="best/7", name="trial 7", factor="best"), *candidates)
    runs = tuple(PlannedRun(f"{10**9 + i:020x}", one.id, 0, SEARCHING) for i, one in enumerate(candidates))
    trials = tuple(PlannedTrial(i, one.id, _choices(i), "done", _reached(i)) for i, one in enumerate(candidates))
    more: dict[str, Any] = {"objectives": {"top1": "max", "macs": "min"}, "trials": trials}
    return Plan(SEARCH, "", "search", "top1", "", (0,), arms, runs, **more)


def _choices(number: int) -> dict[str, Any]:
    return {name: number * (7 + place) // 3 % (3 + place) for place, name in enumerate(DECISIONS)}


def _reached(number: int) -> dict[str, float]:
    return {"top1": 60 + number * 7919 % 1000 / 50, "macs": float(10**9 * (1 + number % 37))}


def plans() -> Iterator[Plan]:
    """All studies."""
    yield from (plan(number) for number in range(STUDIES))
    yield search()


def fill(store: Path) -> None:
    """Plans in their folders; runs and metrics straight into the index, with folders that look as they should."""
    for made in plans():
        folder = Store(store).study(made.study)
        folder.mkdir(parents=True)
        (folder / "plan.json").write_text(json.dumps(made.to_dict()))
    with Index.at(store) as index:
        settle(index.engine, store)
        for made in plans():
            runs = [_run(store, run) for run in made.runs]
            with transaction(index.engine, WRITING) as connection:
                connection.execute(insert(RunRow), runs)
                connection.execute(insert(AttemptRow), [_attempt(row) for row in runs])
                connection.execute(
                    insert(Score), [{"run_id": r["id"], "name": "top1", "value": _top1(r)} for r in runs]
                )
                connection.execute(insert(PointRow), [point for row in runs for point in _points(row)])
        assert index.refresh() == 0, "what was written looks as if it had been read"


def _run(store: Path, run: PlannedRun) -> dict[str, Any]:
    """A row, and a folder in which nothing has changed since."""
    folder = Store(store).run(run.key)
    if run.key == SHOWN:
        finished(store, run.key, 80.0)  # its page reads its folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "result.json").touch()
    texts = dict.fromkeys(("reason", "device", "host", "torch", "git_commit", "environment", "data"), "")
    about = {"id": int(run.key, 16), "key": run.key, "signature": stamp(folder / "result.json"), "seed": run.seed}
    said = {"state": "done", "attempt": 1, "epoch": EPOCHS, "step": 10 * EPOCHS, "seconds": 3600.0, "gpus": 1}
    speed = {"images_per_second": 100.0, "memory_mib": 1000.0, "started": 1e9, "ended": 1.1e9}
    return {**about, **texts, **said, **speed, "arch": "net", "recipe": "short"}


def _attempt(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: row[name] for name in columns(AttemptRow) if name in row}
    return {**kept, "run_id": row["id"], "number": 1, "job": ""}


def _top1(row: dict[str, Any]) -> float:
    place = row["id"] // SEEDS % ARMS
    return float(70 + place / 10 + row["seed"] * 0.3 + row["id"] * 7919 % 13 / 10)


def _points(row: dict[str, Any]) -> list[dict[str, Any]]:
    shared = {"run_id": row["id"], "seconds": 180.0}
    return [
        {**shared, "epoch": epoch, "step": 10 * epoch, "name": name, "value": _top1(row) - 40 / epoch}
        for epoch in range(1, EPOCHS + 1)
        for name in METRICS
    ]


def memory(pid: int) -> float:
    """The resident memory of a process, in MiB."""
    said = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    match = re.search(r"VmRSS:\s+(\d+)", said)
    return int(match[1]) / 1024 if match else 0.0


def worked(pid: int) -> float:
    """Milliseconds that a process has computed for: what it would take on a machine of its own."""
    said = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return 1000 * (int(said[11]) + int(said[12])) / os.sysconf("SC_CLK_TCK")


def run() -> None:
    """Print the times of a fresh server's pages, two looks and what both computed together; and its memory."""
    with tempfile.TemporaryDirectory() as name:
        store = Path(name)
        fill(store)
        begun = time.perf_counter()
        server = subprocess.Popen(  # noqa: S603 - this interpreter
            [sys.executable, "-m", "archspec", "dashboard", "--port", "8799", "--store", name],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None
            entrance = server.stdout.readline().strip()
            print(f"{1000 * (time.perf_counter() - begun):6.0f} ms  until the address is printed")
            print(f"{worked(server.pid):6.0f} ms  of them computing")
            look(entrance, begun, server.pid)
            print(f"{memory(server.pid):6.0f} MiB resident after all pages")
            draw(entrance)
        finally:
            server.terminate()
            server.wait()


def look(entrance: str, begun: float, pid: int) -> None:
    """Every page twice; of the second look nothing has been kept but the study."""
    cookie = urllib.request.urlopen(entrance).headers["set-cookie"].partition(";")[0]  # noqa: S310 - of ours
    base = entrance.partition("/?")[0]
    print(f"{1000 * (time.perf_counter() - begun):6.0f} ms  until the first answer")
    while LARGE not in asked(base, "/", cookie):
        time.sleep(0.05)
    print(f"{1000 * (time.perf_counter() - begun):6.0f} ms  until the store has been looked through")
    for path in ("/", "/queue", f"/queue?study={LARGE}", f"/compare?{COMPARED}", *ADDRESSES):
        took, size, before = [], 0, worked(pid)
        for number in range(2):
            start = time.perf_counter()
            size = len(asked(base, f"{path}{'&' if '?' in path else '?'}n={number}", cookie))
            took.append(1000 * (time.perf_counter() - start))
        both = worked(pid) - before
        told = f"{both:6.0f} ms computing {size / 1024:6.0f} KiB {memory(pid):6.0f} MiB resident"
        print(f"{took[0]:6.0f} {took[1]:6.0f} ms {told}  {path}", flush=True)


def asked(base: str, path: str, cookie: str) -> str:
    """A page."""
    request = urllib.request.Request(base + path, headers={"Cookie": cookie})  # noqa: S310 - of ours
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return str(answer.read().decode())


def draw(entrance: str) -> None:
    """How long a browser takes from an address to its last figure."""
    if not BROWSER:
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, browser(Path(folder)) as chromium:
        tab, base = chromium.tab(), entrance.partition("/?")[0]
        tab.open(entrance)
        tab.until("document.querySelector('#studies') !== null")
        for path in ("/", *ADDRESSES):
            start = time.perf_counter()
            tab.open(base + path)
            tab.until("[...document.querySelectorAll('.plot')].every((plot) => plot.querySelector('.main-svg'))")
            print(f"{1000 * (time.perf_counter() - start):6.0f} ms  drawn  {path}", flush=True)
