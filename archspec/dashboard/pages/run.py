"""A run: its life from being asked for until its end, where it ran and with what, what it measured and what it said."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

from archspec.dashboard.asked import run_document
from archspec.dashboard.causes import cause
from archspec.dashboard.files import tail
from archspec.dashboard.life import Try, life, line, outcome
from archspec.dashboard.logs import LONGEST, Log, log
from archspec.dashboard.page import Look, MissingError, Page
from archspec.records.attempt import Attempt
from archspec.records.knowing import numbers
from archspec.records.known import Known, Point
from archspec.records.lease import alive
from archspec.records.run import RunFolder
from archspec.report.figures.drawing import Figure, epochs, layout, rounded
from archspec.report.figures.looks import look_of

PAGE = Page("/runs/{key}", "Run", "What happened in this run?", kept=False)

ATTEMPTS = """
    SELECT attempts.* FROM attempts JOIN runs ON runs.id = attempts.run_id WHERE runs.key = :key
    ORDER BY attempts.number"""
OWNERS = "SELECT study, arm, seed, role FROM arm_runs WHERE key = :key ORDER BY study, position"
VERSIONS = "SELECT * FROM environments WHERE hash = :hash"
MOST_EPOCHS = 12
"""Epochs whose numbers stand in a table, the newest ones."""
MOST_FILES = 20


def show(look: Look) -> dict[str, Any]:
    """Everything that is known about a run."""
    key, site = look.names["key"], look.site
    owners = site.rows(OWNERS, key=key)
    known = _known(look, key, owners)
    folder = RunFolder(site.store.run(key))
    tries = [_tried(look, folder.attempt(row["number"]), row) for row in site.rows(ATTEMPTS, key=key)]
    numbers = [one.number for one in tries]
    chosen = look.query.number("attempt", 1, max(numbers, default=1), known.attempt or max(numbers, default=1))
    attempt = folder.attempt(chosen or 1)
    said = tail(site.store.path, attempt.failure, LONGEST)
    points = site.index.curves([key])[key]
    spans = life(known, _asked_at(folder), tries, time.time())
    return {
        "key": key,
        "known": known,
        "owners": owners,
        "cause": cause(known.reason, said.text if said else "") if known.reason else None,
        "life": line(spans),
        "tries": [(one, outcome(one, known, last=one is tries[-1])) for one in tries],
        "chosen": chosen,
        "failure": said.text if said else "",
        "log": _log(look, attempt),
        "files": list(_files(look, folder)),
        "versions": next(iter(site.rows(VERSIONS, hash=known.environment)), {}) if known.environment else {},
        "packages": _packages(look, known.environment),
        "result": tail(site.store.path, folder.result_json, LONGEST),
        "asked": run_document(site.store.path, key),
        "points": points[-MOST_EPOCHS:],
        "epochs": len(points),
        "measured": list(dict.fromkeys(name for point in points for name in point.values)),
        "figures": list(_figures(points)),
    }


def _known(look: Look, key: str, owners: list[dict[str, Any]]) -> Known:
    """What is known about a run; where studies want it, with the state that a reader expects."""
    if not look.site.rows("SELECT key FROM runs WHERE key = :key", key=key):
        if not owners:
            raise MissingError(f"there is no run `{key[:80]}` in this store")
        return look.site.study(owners[0]["study"]).known[key]
    return look.site.index.known([key])[key]


def _tried(look: Look, attempt: Attempt, row: dict[str, Any]) -> Try:
    lease = _json(look, attempt.lease)
    failure = tail(look.site.store.path, attempt.failure, LONGEST)
    words = failure.text.strip().splitlines()[-1] if failure and failure.text.strip() else ""
    seen = numbers(lease or {}).get("time")
    about = {name: str(row[name]) for name in ("host", "job", "device")}
    return Try(
        row["number"],
        row["started"],
        seen,
        left=bool(lease and lease.get("left")),
        alive=_alive(lease),
        failure=words[:300],
        seconds=row["seconds"],
        **about,
    )


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


def _packages(look: Look, environment: str) -> dict[str, str]:
    """The versions of everything that was installed where it ran."""
    if not re.fullmatch(r"\w+", environment):
        return {}
    said = _json(look, look.site.store.environments / f"{environment}.json") or {}
    found = said.get("packages")
    return {str(name): str(version) for name, version in found.items()} if isinstance(found, dict) else {}


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


def _figures(points: list[Point]) -> Iterator[Figure]:
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


def _trace(points: list[Point], name: str, number: int) -> dict[str, Any]:
    look, found = look_of(number), [point for point in points if name in point.values]
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(found) < 3 else "lines",
        "name": name,
        "x": [point.epoch for point in found],
        "y": rounded([point.values[name] for point in found]),
        "line": {"color": look.colour, "dash": look.dash, "width": 2},
    }
