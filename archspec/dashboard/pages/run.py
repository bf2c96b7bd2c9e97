"""A run: its life from being asked for until its end, where it ran and with what, what it measured and what it said."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from archspec.dashboard.asked import run_document
from archspec.dashboard.causes import cause
from archspec.dashboard.files import tail
from archspec.dashboard.life import Try, life, line, outcome
from archspec.dashboard.logs import LONGEST, Log, log
from archspec.dashboard.page import Look, MissingError, Page
from archspec.records.attempt import Attempt
from archspec.records.knowing import numbers, told
from archspec.records.known import Known, Point, Tried
from archspec.records.lease import alive
from archspec.records.run import RunFolder
from archspec.report.figures.drawing import Figure, epochs, layout, rounded
from archspec.report.figures.looks import look_of
from archspec.studies.status import OPEN

PAGE = Page("/runs/{key}", "Run", "What happened in this run?", kept=False)

OWNERS = "SELECT study, arm, seed, role FROM arm_runs WHERE key = :key ORDER BY study, position"
VERSIONS = ("archspec", "python", "torch", "cuda", "platform", "cpu", "device")
NAME = re.compile(r"\w{1,80}", re.ASCII)
MOST_EPOCHS = 12
"""Epochs whose numbers stand in a table, the newest ones."""
MOST_FILES = 20


def show(look: Look) -> dict[str, Any]:
    """Everything that is known about a run. Its folder says it, and is read for what no index has, too."""
    key, site = look.names["key"], look.site
    folder, owners = RunFolder(site.store.run(key)), site.rows(OWNERS, key=key)
    if not (owners or (NAME.fullmatch(key) and folder.exists())):
        raise MissingError(f"there is no run `{key[:80]}` in this store")
    run = told(folder)
    known, points = _expected(look, run.known, owners), run.points
    tries = [_tried(look, folder.attempt(one.number), one) for one in run.tried]
    last = max((one.number for one in tries), default=1)
    chosen = look.query.number("attempt", 1, last, known.attempt or last)
    attempt = folder.attempt(chosen or 1)
    said = tail(site.store.path, attempt.failure, LONGEST)
    environment = _environment(look, known.environment)
    return {
        "key": key,
        "known": known,
        "owners": owners,
        "cause": cause(known.reason, said.text if said else "") if known.reason else None,
        "life": line(life(known, _asked_at(folder), tries, time.time())),
        "tries": [(one, outcome(one, known, last=one is tries[-1])) for one in tries],
        "chosen": chosen,
        "failure": said.text if said else "",
        "log": _log(look, attempt),
        "files": list(_files(look, folder)),
        "versions": {name: environment.get(name) for name in VERSIONS} | {"commit": known.commit},
        "packages": found if isinstance(found := environment.get("packages"), dict) else {},
        "result": tail(site.store.path, folder.result_json, LONGEST),
        "asked": run_document(site.store.path, key),
        "points": points[-MOST_EPOCHS:],
        "epochs": len(points),
        "measured": list(dict.fromkeys(name for point in points for name in point.values)),
        "figures": list(_figures(points)),
    }


def _expected(look: Look, known: Known, owners: Sequence[dict[str, Any]]) -> Known:
    """What is known, with the state that a reader of the study expects, where nothing has come of the run yet."""
    if known.state not in OPEN or not owners:
        return known
    seen = look.site.study(owners[0]["study"]).known.get(known.key, known)
    return replace(known, state=seen.state)


def _tried(look: Look, attempt: Attempt, known: Tried) -> Try:
    lease = _json(look, attempt.lease)
    failure = tail(look.site.store.path, attempt.failure, LONGEST)
    words = failure.text.strip().splitlines()[-1] if failure and failure.text.strip() else ""
    seen, left = numbers(lease or {}).get("time"), bool(lease and lease.get("left"))
    return Try(**asdict(known), seen=seen, left=left, alive=_alive(lease), failure=words[:300])


def _alive(lease: dict[str, Any] | None) -> bool | None:
    try:
        return alive(lease)
    except (KeyError, TypeError, ValueError):
        return None


def _json(look: Look, file: Any) -> dict[str, Any] | None:
    found = tail(look.site.store.path, file)
    try:
        said = json.loads(found.text) if found else None
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _environment(look: Look, name: str) -> dict[str, Any]:
    """The versions of everything that was installed where it ran."""
    file = look.site.store.environments / f"{name}.json"
    return (_json(look, file) if NAME.fullmatch(name) else None) or {}


def _asked_at(folder: RunFolder) -> float | None:
    """When its document was written, which is when it was handed out."""
    try:
        return folder.run_yaml.lstat().st_mtime
    except OSError:
        return None


def _log(look: Look, attempt: Attempt) -> Log | None:
    found = tail(look.site.store.path, attempt.log)
    return log(found, look.query.text("find")) if found else None


def _files(look: Look, folder: RunFolder) -> Iterator[tuple[str, int, float]]:
    """What attempts keep: checkpoints and networks, with their sizes and times."""
    store = look.site.store.path.resolve()
    for attempt in folder.attempts():
        if not attempt.path.resolve().is_relative_to(store):
            continue
        kept = attempt.saved() if attempt.checkpoints.resolve().is_relative_to(store) else []
        for file in [*kept[:MOST_FILES], *([attempt.model] if attempt.model.exists() else [])]:
            about = file.lstat()
            yield str(file.relative_to(folder.path)), about.st_size, about.st_mtime


def _figures(points: Sequence[Point]) -> Iterator[Figure]:
    """Losses, and scores, epoch by epoch."""
    names = list(dict.fromkeys(name for point in points for name in point.values))
    losses = [name for name in names if name.endswith("loss")]
    scores = [name for name in names if re.search(r"top\d+$", name)]
    for number, (title, some) in enumerate((("Losses", losses), ("Scores", scores))):
        if some:
            plane = {**layout("", title.lower(), height=280), "xaxis": epochs(points[-1].epoch)}
            data = [_trace(points, name, i) for i, name in enumerate(some)]
            yield Figure(
                f"run-{number}", title, "by epoch, of the attempt that counts", {"data": data, "layout": plane}
            )


def _trace(points: Sequence[Point], name: str, number: int) -> dict[str, Any]:
    look, found = look_of(number), [point for point in points if name in point.values]
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(found) < 3 else "lines",
        "name": name,
        "x": [point.epoch for point in found],
        "y": rounded([point.values[name] for point in found]),
        "line": {"color": look.colour, "dash": look.dash, "width": 2},
    }
