"""What accuracy costs: every arm against its MACs, its parameters and the compute of its training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archspec.report.figures.drawing import Drawing, Figure, axis, layout, plain
from archspec.report.figures.looks import Look, looks
from archspec.report.table import Table
from archspec.report.wording import fixed, short

COSTS = {"macs": "MACs of one image", "params": "parameters", "training_macs": "MACs of one training"}
APART = 1.005
"""Costs that differ by less than this factor are the same cost."""
MOST_NAMED = 12
"""Arms whose names find room in a legend; more are told by the table, where they have the same markers."""


@dataclass(frozen=True)
class Point:
    """An arm: what it reached, how sure that is, and what it costs."""

    arm: str
    name: str
    value: float
    margin: float | None
    paper: float | None
    costs: dict[str, int]


def points(table: Table) -> list[Point]:
    """The arms that have reached something."""
    found = []
    for row in table.rows:
        if row.summary is not None:
            costs = {name: int(getattr(row.planned, name)) for name in COSTS}
            name = table.names[row.planned.id]
            found.append(Point(row.planned.id, name, row.summary.mean, row.summary.margin, row.paper, costs))
    return found


def telling(found: Sequence[Point]) -> list[str]:
    """The costs in which the arms differ."""
    return [name for name in COSTS if found and _spread([point.costs[name] for point in found]) > APART]


def _spread(costs: list[int]) -> float:
    return max(costs) / min(costs) if min(costs) > 0 else 1.0


def figures(table: Table) -> Iterator[Figure]:
    """A figure for each cost in which the arms differ."""
    found, styles = points(table), looks(table.rows)
    for name in telling(found):
        caption = "bars are 95% intervals over seeds"
        starred = "; hollow markers are the paper's" if any(point.paper is not None for point in found) else ""
        drawing = draw(found, name, table.metric, styles, table.digits)
        yield Figure(f"cost-{name}", f"{table.metric} against {COSTS[name]}", caption + starred, drawing)


def draw(found: Sequence[Point], cost: str, metric: str, looks: Mapping[str, Look], digits: int) -> Drawing:
    """A marker for each arm, and a hollow one where the paper has it."""
    data = [trace for point in found for trace in _traces(point, cost, looks[point.arm], digits)]
    plane = layout(COSTS[cost], metric, hovermode="closest", showlegend=len(found) <= MOST_NAMED)
    return {"data": data, "layout": {**plane, "xaxis": axis(COSTS[cost], tickformat="~s")}}


def _traces(point: Point, cost: str, look: Look, digits: int) -> Iterator[dict[str, Any]]:
    x = point.costs[cost]
    said = f"{plain(point.name)}<br>%{{y:.{digits}f}} at {short(x)}"
    bar = {"type": "data", "array": [point.margin], "color": look.faded(0.55), "thickness": 1.2, "width": 0}
    marker = {"color": look.colour, "symbol": look.marker, "size": 10, "line": {"color": "@paper", "width": 1}}
    shared = {"type": "scatter", "mode": "markers", "x": [x], "name": plain(point.name)}
    yield {
        **shared,
        "y": [round(point.value, 4)],
        "marker": marker,
        "hovertemplate": f"{said}<extra></extra>",
        **({"error_y": bar} if point.margin is not None else {}),
    }
    if point.paper is not None:
        hollow = {"color": look.colour, "symbol": f"{look.marker}-open", "size": 8, "opacity": 0.6}
        theirs = f"{plain(point.name)}<br>{fixed(point.paper, digits)} in the paper<extra></extra>"
        yield {**shared, "y": [point.paper], "showlegend": False, "marker": hollow, "hovertemplate": theirs}
