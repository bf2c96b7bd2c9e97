"""Reading the index: one query for each kind of thing that is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from archspec.records.index.filling import batches
from archspec.records.index.tables import PointRow, RunRow, Score, columns
from archspec.records.known import Known, Point

COLUMNS = {"git_commit": "commit"}
"""Columns of runs that have another name than what they hold."""
FIELDS = [name for name in columns(RunRow) if COLUMNS.get(name, name) in Known.__dataclass_fields__]
MANY = 2000
"""From so many keys on, a table is read as a whole and what was not asked for is left out."""


def known(connection: Connection, keys: Sequence[str]) -> dict[str, Known]:
    """What is known about runs; of one that is not there, that it is planned."""
    rows = list(_of(connection, select(RunRow.id, *(getattr(RunRow, name) for name in FIELDS)), keys))
    scores, last = _scores(connection, keys), _last(connection, keys)
    names = [COLUMNS.get(name, name) for name in FIELDS]
    found = {}
    for number, *values in rows:
        said: dict[str, Any] = dict(zip(names, values, strict=True))
        found[said["key"]] = Known(**said, scores=scores.get(number, {}), last=last.get(number, {}))
    return {key: found.get(key) or Known(key) for key in keys}


def curves(connection: Connection, keys: Sequence[str], names: Sequence[str]) -> dict[str, list[Point]]:
    """The metrics of runs, epoch by epoch."""
    point = PointRow.epoch, PointRow.step, PointRow.seconds, PointRow.name, PointRow.value
    query = select(RunRow.key, *point).join(PointRow, PointRow.run_id == RunRow.id)
    query = query.order_by(PointRow.run_id, PointRow.epoch)
    if names:
        query = query.where(PointRow.name.in_(names))
    found: dict[str, list[Point]] = {key: [] for key in keys}
    for key, epoch, step, seconds, name, value in _of(connection, query, keys):
        points = found[key]
        if not points or points[-1].epoch != epoch:
            points.append(Point(epoch, step, seconds, {}))
        points[-1].values[name] = value
    return found


def _scores(connection: Connection, keys: Sequence[str]) -> dict[int, dict[str, float]]:
    query = select(RunRow.key, Score.run_id, Score.name, Score.value).join(Score, Score.run_id == RunRow.id)
    return _by_run(_of(connection, query, keys))


def _last(connection: Connection, keys: Sequence[str]) -> dict[int, dict[str, float]]:
    of_last = (PointRow.run_id == RunRow.id) & (PointRow.epoch == RunRow.epoch)
    query = select(RunRow.key, PointRow.run_id, PointRow.name, PointRow.value).join(PointRow, of_last)
    return _by_run(_of(connection, query, keys))


def _by_run(rows: Iterator[Sequence[Any]]) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for _, run, name, value in rows:
        found.setdefault(run, {})[name] = value
    return found


def _of(connection: Connection, query: Select[*tuple[Any, ...]], keys: Sequence[str]) -> Iterator[Sequence[Any]]:
    """The rows of some runs."""
    if len(keys) <= MANY:
        for some in batches(keys):
            yield from connection.execute(query.where(RunRow.key.in_(some)))
        return
    wanted, place = set(keys), list(query.selected_columns.keys()).index("key")
    yield from (row for row in connection.execute(query) if row[place] in wanted)
