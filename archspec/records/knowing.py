"""The truth about a run, read from its folder."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any, get_args

from archspec.errors import RecordsError
from archspec.records.attempt import Attempt
from archspec.records.files import read_lines
from archspec.records.known import Known, Point, State, Tried
from archspec.records.run import RunFolder

STATES: frozenset[State] = frozenset(get_args(State))
LIVENESS: dict[bool | None, State] = {True: "running", False: "lost", None: "unknown"}
"""What a run without a result is, by whether somebody works on its newest attempt."""

NO_SCORES = {"attempt", "epoch", "step", "steps", "micro_batch"}
"""Numbers of a result that measure nothing."""


@dataclass(frozen=True)
class Told:
    """Everything that a folder tells, read once."""

    known: Known
    tried: tuple[Tried, ...] = ()
    points: tuple[Point, ...] = ()


def known(run: RunFolder) -> Known:
    """What is known about a run."""
    return told(run).known


def told(run: RunFolder) -> Told:
    """What is known, the attempts and the metrics; a folder that cannot be read is `unknown`, and why."""
    try:
        return _told(run)
    except (RecordsError, KeyError, TypeError, ValueError) as error:
        return Told(Known(run.path.name, "unknown", reason=str(error)))


def numbers(said: Mapping[str, Any]) -> dict[str, float]:
    """What is a finite number among named values."""
    found = {name: value for name, value in said.items() if type(value) in (int, float)}
    return {name: float(value) for name, value in found.items() if math.isfinite(value)}


def _told(run: RunFolder) -> Told:
    attempts = run.attempts()
    # Whoever has just finished has written the result before saying so.
    alive = attempts[-1].alive() if attempts else None
    result = run.result()
    if not attempts and result is None:
        return Told(Known(run.path.name))
    times = {attempt.number: read_lines(attempt.timing) for attempt in attempts}
    tried = {attempt.number: _tried(attempt, times[attempt.number]) for attempt in attempts}
    if result is None:
        result = {"attempt": attempts[-1].number, "state": LIVENESS[alive]}
    counting = int(result["attempt"])
    walls = [line for number, lines in times.items() if number <= counting for line in lines]
    found = _points(run.attempt(counting), walls)
    known = _known(run, result, tried, found)
    return Told(known, tuple(tried.values()), found)


def _known(run: RunFolder, result: dict[str, Any], tried: Mapping[int, Tried], found: tuple[Point, ...]) -> Known:
    counting, last = int(result["attempt"]), found[-1] if found else None
    one = tried.get(counting) or Tried(counting)
    said: dict[str, Any] = {
        name: getattr(one, name)
        for name in ("gpus", "device", "host", "torch", "commit", "environment", "images_per_second", "memory_mib")
    }
    return Known(
        key=run.path.name,
        # A state that this archspec has no word for is unknown.
        state=next((state for state in STATES if state == result["state"]), "unknown"),
        attempt=counting,
        epoch=last.epoch if last else None,
        step=last.step if last else None,
        scores={name: value for name, value in numbers(result).items() if name not in NO_SCORES},
        last=last.values if last else {},
        reason=str(result.get("reason") or "").replace("\0", "�"),  # no database takes a NUL
        seconds=math.fsum(one.seconds for one in tried.values()),
        started=min((one.started for one in tried.values() if one.started is not None), default=None),
        ended=_ended(run),
        **said,
    )


def _ended(run: RunFolder) -> float | None:
    with suppress(OSError):
        return run.result_json.stat().st_mtime
    return None


def _tried(attempt: Attempt, times: Iterable[Mapping[str, Any]]) -> Tried:
    said, lines = attempt.surroundings(), [numbers(line) for line in times]
    seconds = math.fsum(line.get("seconds", 0.0) for line in lines)
    images = math.fsum(line.get("seconds", 0.0) * line.get("images_per_second", 0.0) for line in lines)
    git = said.get("git") or {}
    return Tried(
        attempt.number,
        seconds=seconds,
        # What runs where an accelerator is runs on one in each process.
        gpus=int(said.get("processes") or 1) if said.get("cuda") else 0,
        **{name: str(said.get(name) or "") for name in ("device", "host", "job", "torch", "environment")},
        commit=str(git.get("commit") or "") + ("+" if git.get("changed") else ""),
        images_per_second=images / seconds if images and seconds else None,
        memory_mib=max((line["memory_mib"] for line in lines if "memory_mib" in line), default=None),
        started=numbers(said).get("started"),
    )


def _points(attempt: Attempt, times: Iterable[Mapping[str, Any]]) -> tuple[Point, ...]:
    """The metrics beside the newest time of the same epoch; a run that counts no epochs has one a line."""
    walls = {line.get("epoch"): line for line in times}
    found: dict[int, Point] = {}
    for number, line in zip(count(1), read_lines(attempt.metrics), strict=False):
        epoch, step = int(line.get("epoch") or number), line.get("step")
        values = {name: value for name, value in numbers(line).items() if name not in ("epoch", "step")}
        wall = numbers(walls.get(line.get("epoch"), {})).get("seconds")
        found[epoch] = Point(epoch, None if step is None else int(step), wall, values)
    return tuple(found.values())
