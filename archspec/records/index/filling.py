"""Writing into the index what run folders and studies say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute

from archspec.errors import ArchspecError
from archspec.records.files import read_json
from archspec.records.index.scanning import Changed
from archspec.records.index.tables import (
    Arm,
    ArmRun,
    AttemptRow,
    Environment,
    PointRow,
    RunRow,
    Score,
    StudyRow,
    columns,
)
from archspec.records.knowing import Told, told
from archspec.records.store import Store

Row = dict[str, Any]
LARGEST = 2**63
"""Whole numbers below it fit into a column."""


class Read(NamedTuple):
    """A run folder that has been read."""

    signature: str
    about: Row
    told: Told


class Stored(NamedTuple):
    """What the index already has of a run."""

    id: int
    signature: str
    attempt: int
    epoch: int | None
    started: float | None


def read(change: Changed) -> Read:
    """Read a run's folder."""
    about: Row = {"arch": "", "recipe": "", "seed": None, "data": ""}
    with suppress(ArchspecError, OSError, ValueError, TypeError):
        spec = change.run.spec()
        seed = spec.get("seed")
        named = {kind: _name(spec.get(kind), kind) for kind in ("arch", "recipe")}
        about = {
            **named,
            "seed": seed if isinstance(seed, int) and seed < LARGEST else None,
            "data": str(spec.get("data", "")),
        }
    return Read(change.signature, about, told(change.run))


def write_runs(connection: Connection, found: Iterable[Read]) -> int:
    """Put runs into the index, or in the place of what it said of them."""
    reads = {one.told.known.key: one for one in found}
    stored = _stored(connection, list(reads))
    news = {key: one for key, one in reads.items() if key not in stored or stored[key].signature != one.signature}
    following = (connection.scalar(select(func.max(RunRow.id))) or 0) + 1
    ids = {key: stored[key].id if key in stored else following + n for n, key in enumerate(news)}
    _forget(connection, [ids[key] for key in news if key in stored], RunRow.id, AttemptRow.run_id, Score.run_id)
    rest = {key: _unwritten(connection, one, stored.get(key)) for key, one in news.items()}
    _insert(connection, RunRow, [_run_row(ids[key], one) for key, one in news.items()])
    _insert(connection, AttemptRow, [row for key, one in news.items() for row in _attempt_rows(ids[key], one)])
    _insert(connection, Score, [row for key, one in news.items() for row in _score_rows(ids[key], one)])
    _insert(connection, PointRow, [{"run_id": ids[key], **row} for key, rows in rest.items() for row in rows])
    return len(news)


def forget_runs(connection: Connection, keys: Iterable[str]) -> None:
    """Take runs out of the index."""
    ids = [one.id for one in _stored(connection, list(keys)).values()]
    _forget(connection, ids, RunRow.id, AttemptRow.run_id, Score.run_id, PointRow.run_id)


def write_environments(connection: Connection, store: Store, names: Iterable[str]) -> None:
    """Put environments into the index, if they are not there."""
    wanted = set(names) - set(connection.scalars(select(Environment.hash)))
    texts = [name for name in columns(Environment) if name not in ("hash", "git_commit")]
    rows = []
    for name in sorted(wanted):
        with suppress(ArchspecError):
            said = store.environment(name) or {}
            about = {column: str(said.get(column) or "") for column in texts}
            rows.append({"hash": name, **about, "git_commit": (said.get("git") or {}).get("commit") or ""})
    _insert(connection, Environment, rows)


def write_study(connection: Connection, store: Store, name: str, signature: str) -> None:
    """Put a study's plan into the index; of one that cannot be read only that it is there."""
    forget_studies(connection, [name])
    try:
        plan = read_json(store.study(name) / "plan.json") or {}
        about = {key: str(plan.get(key) or "") for key in ("study", "profile", "design", "metric", "paper")}
        arms = [_arm_row(name, number, arm, about["metric"]) for number, arm in enumerate(plan["arms"])]
        runs = [_arm_run_row(name, number, run) for number, run in enumerate(plan["runs"])]
    except (ArchspecError, AttributeError, KeyError, TypeError, ValueError):
        about, arms, runs = dict.fromkeys(("study", "profile", "design", "metric", "paper"), ""), [], []
    _insert(connection, StudyRow, [{"name": name, "signature": signature, **about}])
    _insert(connection, Arm, arms)
    _insert(connection, ArmRun, runs)


def forget_studies(connection: Connection, names: Iterable[str]) -> None:
    """Take studies out of the index; their runs stay."""
    for column in (StudyRow.name, Arm.study, ArmRun.study):
        connection.execute(delete(column.class_).where(column.in_(list(names))))


def signatures(connection: Connection, keys: Sequence[str] | None) -> dict[str, str]:
    """What runs looked like when they were read last."""
    query = select(RunRow.key, RunRow.signature)
    portions = [query] if keys is None else [query.where(RunRow.key.in_(some)) for some in batches(keys)]
    return {key: signature for portion in portions for key, signature in connection.execute(portion)}


def study_signatures(connection: Connection) -> dict[str, str]:
    """What the plans of studies looked like when they were read last."""
    return {row.name: row.signature for row in connection.execute(select(StudyRow.name, StudyRow.signature))}


def batches(keys: Sequence[str], size: int = 500) -> list[Sequence[str]]:
    """Keys in portions that fit into a query and are worth a transaction."""
    return [keys[begin : begin + size] for begin in range(0, len(keys), size)]


def _stored(connection: Connection, keys: Sequence[str]) -> dict[str, Stored]:
    query = select(RunRow.key, RunRow.id, RunRow.signature, RunRow.attempt, RunRow.epoch, RunRow.started)
    found = (row for some in batches(keys) for row in connection.execute(query.where(RunRow.key.in_(some))))
    return {row.key: Stored(row.id, row.signature, row.attempt, row.epoch, row.started) for row in found}


def _unwritten(connection: Connection, one: Read, stored: Stored | None) -> list[Row]:
    """The metrics that are to be inserted: of an attempt that has gone on, only the last ones."""
    known, begin = one.told.known, None
    if stored is not None:
        if (stored.attempt, stored.started) == (known.attempt, known.started):
            begin = stored.epoch  # again, for its time may have been written after its metrics
        gone = delete(PointRow).where(PointRow.run_id == stored.id)
        connection.execute(gone if begin is None else gone.where(PointRow.epoch >= begin))
    points = (point for point in one.told.points if begin is None or point.epoch >= begin)
    return [
        {"epoch": point.epoch, "name": name, "step": point.step, "seconds": point.seconds, "value": value}
        for point in points
        for name, value in point.values.items()
    ]


def _run_row(number: int, one: Read) -> Row:
    row = {**asdict(one.told.known), **one.about, "id": number, "signature": one.signature}
    row["git_commit"] = row.pop("commit")
    return {name: value for name, value in row.items() if name not in ("scores", "last")}


def _attempt_rows(number: int, one: Read) -> list[Row]:
    rows = [{"run_id": number, **asdict(tried)} for tried in one.told.tried]
    return [{**row, "git_commit": row.pop("commit")} for row in rows]


def _score_rows(number: int, one: Read) -> list[Row]:
    return [{"run_id": number, "name": name, "value": value} for name, value in one.told.known.scores.items()]


def _arm_row(study: str, position: int, arm: Mapping[str, Any], metric: str) -> Row:
    row = {name: arm[name] for name in columns(Arm) if name not in ("study", "arm", "position")}
    texts = {name: json.dumps(arm[name]) for name in ("levels", "changes")}
    place = {"study": study, "arm": arm["id"], "position": position}
    return {**row, **texts, **place, "paper": (arm.get("paper") or {}).get(metric)}


def _arm_run_row(study: str, position: int, run: Mapping[str, Any]) -> Row:
    about = {name: str(run[name]) for name in ("arm", "role", "key")}
    return {"study": study, "position": position, "seed": int(run["seed"]), **about}


def _insert(connection: Connection, table: type[DeclarativeBase], rows: list[Row]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _forget(connection: Connection, ids: list[int], *places: InstrumentedAttribute[int]) -> None:
    for column in places:
        if ids:
            connection.execute(delete(column.class_).where(column.in_(ids)))


def _name(said: Any, kind: str) -> str:
    """An arch or recipe by its name, where it has one."""
    return str(said.get(kind) or "") if isinstance(said, dict) else str(said or "")
