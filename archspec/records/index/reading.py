"""Reading the index: one question each for what is known of runs and for their curves, however many runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, literal, select, union_all

from archspec.records.index.tables import PointRow, RunRow, Score, columns
from archspec.records.known import Known, Point

COLUMNS = {"git_commit": "commit"}
"""Columns of runs that have another name than what they hold."""
FIELDS = [name for name in columns(RunRow) if COLUMNS.get(name, name) in Known.__dataclass_fields__]
MANY = 2000
"""Keys up to which a question names them one by one."""


def known(connection: Connection, keys: Sequence[str]) -> dict[str, Known]:
    """What is known about runs; of one that is not there, that it is planned."""
    about = [getattr(RunRow, name) for name in FIELDS]
    names = [COLUMNS.get(name, name) for name in FIELDS]
    result = select(*about, literal("scores"), Score.name, Score.value).outerjoin(Score, Score.run_id == RunRow.id)
    of_last = (PointRow.run_id == RunRow.id) & (PointRow.epoch == RunRow.epoch)
    last = select(*about, literal("last"), PointRow.name, PointRow.value).join(PointRow, of_last)
    found: dict[str, Known] = {}
    # A run has a row for each of its numbers, and one without a number where its result has none.
    for *said, kind, name, value in connection.execute(union_all(_among(keys, result), _among(keys, last))):
        key = said[0]
        if key not in found:
            found[key] = Known(**dict(zip(names, said, strict=True)))
        if name is not None:
            getattr(found[key], kind)[name] = value
    return {key: found.get(key) or Known(key) for key in keys}


def curves(connection: Connection, keys: Sequence[str], names: Sequence[str]) -> dict[str, list[Point]]:
    """The metrics of runs, epoch by epoch."""
    point = PointRow.epoch, PointRow.step, PointRow.seconds, PointRow.name, PointRow.value
    query = select(RunRow.key, *point).join(PointRow, PointRow.run_id == RunRow.id)
    query = _among(keys, query).order_by(PointRow.run_id, PointRow.epoch)
    if names:
        query = query.where(PointRow.name.in_(names))
    found: dict[str, list[Point]] = {key: [] for key in keys}
    for key, epoch, step, seconds, name, value in connection.execute(query):
        points = found.get(key, [])
        if not points or points[-1].epoch != epoch:
            points.append(Point(epoch, step, seconds, {}))
        points[-1].values[name] = value
    return found


def _among(keys: Sequence[str], query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """The rows of some runs; of very many, all rows, and whoever reads them leaves the others out."""
    return query.where(RunRow.key.in_(keys)) if len(keys) <= MANY else query
