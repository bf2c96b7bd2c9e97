"""What accuracy costs: every arm against its MACs, its parameters and the compute of its training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from archspec.report.figures.drawing import HEIGHT, Drawing, Figure, axis, crowded, layout, plain
from archspec.report.figures.looks import Look, looks
from archspec.report.table import Table
from archspec.report.wording import fixed, short

COSTS = {"macs": "MACs of one image", "params": "parameters", "training_macs": "MACs of one training"}
MEASURED = {
    "hours": "hours of training, all seeds",
    "gpu_hours": "GPU-hours of training, all seeds",
    "images_per_second": "images per second in training",
    "memory_mib": "MiB of memory in training",
}
"""What depends on where the runs ran."""
TITLES = {**COSTS, **MEASURED}
MORE_IS_BETTER = ("images_per_second",)
BEST, PRINTED = "best at its cost", "in papers"
APART = 1.005
"""Costs that differ by less than this factor are the same cost."""
MOST_NAMED = 12
"""Arms whose names find room in a legend; more are told by the table, where they have the same markers."""


MANY = 200
"""Arms up to which each has a look of its own."""
MOST = 5000
"""Marks up to which a browser is quick; more of them are put together where they are close."""
CELLS = 60
"""Of the grid in which they are put together, along each side."""


@dataclass(frozen=True)
class Point:
    """An arm: what it reached, how sure that is, and what it costs."""

    arm: str
    name: str
    value: float
    margin: float | None
    paper: float | None
    costs: dict[str, float]


class Printed(NamedTuple):
    """A network as a paper prints it."""

    name: str
    value: float
    costs: dict[str, float]


def points(table: Table, measured: Mapping[str, Mapping[str, float]] | None = None) -> list[Point]:
    """The arms that have reached something; `measured` are costs by the arm's id that the table does not know."""
    found = []
    for row in table.rows:
        if row.summary is not None:
            costs: dict[str, float] = {name: int(getattr(row.planned, name)) for name in COSTS}
            took = {"hours": row.hours, "gpu_hours": row.gpu_hours, **(measured or {}).get(row.planned.id, {})}
            costs |= {name: value for name, value in took.items() if value}
            name = table.names[row.planned.id]
            found.append(Point(row.planned.id, name, row.summary.mean, row.summary.margin, row.paper, costs))
    return found


def telling(found: Sequence[Point]) -> list[str]:
    """The costs in closed form in which the arms differ."""
    return [name for name in COSTS if found and _spread([point.costs[name] for point in found]) > APART]


def _spread(costs: list[float]) -> float:
    return max(costs) / min(costs) if min(costs) > 0 else 1.0


def front(found: Sequence[Point], cost: str, *, lower_is_better: bool = False) -> list[Point]:
    """The arms that no other beats in both, the cheapest first."""
    cheap, good = -1 if cost in MORE_IS_BETTER else 1, -1 if lower_is_better else 1
    best: list[Point] = []
    for point in sorted(found, key=lambda one: (cheap * one.costs[cost], -good * one.value)):
        if not best or good * point.value > good * best[-1].value:
            best.append(point)
    return best


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
    if len(found) > MANY:
        data = [_cloud(_binned(found, cost), cost, digits)]
    else:
        data = [trace for point in found for trace in _traces(point, cost, looks[point.arm], digits)]
    named = len(found) <= MOST_NAMED
    height = crowded([*(point.name for point in found), BEST, PRINTED]) if named else HEIGHT
    plane = layout(TITLES[cost], metric, height, hovermode="closest", showlegend=named)
    return {"data": data, "layout": {**plane, "xaxis": axis(TITLES[cost], tickformat="~s")}}


def behind(cost: str, best: Sequence[Point], printed: Sequence[Printed], digits: int) -> Iterator[dict[str, Any]]:
    """What arms are seen against: a line along the best of them, and a star for each network of a paper."""
    if len(best) > 1:
        x, y = [point.costs[cost] for point in best], [round(point.value, 4) for point in best]
        line = {"color": "@muted", "width": 1.2, "dash": "dot", "shape": "hv"}
        about = {"type": "scatter", "mode": "lines", "name": BEST, "hoverinfo": "skip"}
        yield {**about, "x": x, "y": y, "line": line}
    shown = [one for one in printed if cost in one.costs]
    if shown:
        said = [f"{plain(one.name)}<br>{fixed(one.value, digits)} in its paper" for one in shown]
        marker = {"color": "@muted", "symbol": "star", "size": 9, "opacity": 0.8}
        about = {"type": "scatter", "mode": "markers", "name": PRINTED, "hovertemplate": "%{text}<extra></extra>"}
        x, y = [one.costs[cost] for one in shown], [one.value for one in shown]
        yield {**about, "x": x, "y": y, "text": said, "marker": marker}


def _binned(found: Sequence[Point], cost: str) -> list[list[Point]]:
    """Every arm for itself, or where there are too many, those that are close together."""
    if len(found) <= MOST:
        return [[point] for point in found]
    across, up = _reach([point.costs[cost] for point in found]), _reach([point.value for point in found])
    cells: dict[tuple[int, int], list[Point]] = {}
    for point in found:
        cells.setdefault((_cell(point.costs[cost], across), _cell(point.value, up)), []).append(point)
    return list(cells.values())


def _reach(values: Sequence[float]) -> tuple[float, float]:
    return min(values), max(values)


def _cell(value: float, reach: tuple[float, float]) -> int:
    low, high = reach
    return min(CELLS - 1, int(CELLS * (value - low) / (high - low))) if high > low else 0


def _cloud(groups: Sequence[Sequence[Point]], cost: str, digits: int) -> dict[str, Any]:
    """Many arms as one trace; the more stand in a place, the larger its mark."""
    best = [max(group, key=lambda point: point.value) for group in groups]
    said = [_among(point, group, digits) for point, group in zip(best, groups, strict=True)]
    sizes = [min(18, 5 + 2 * len(group).bit_length()) for group in groups]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "arms",
        "x": [point.costs[cost] for point in best],
        "y": [round(point.value, 4) for point in best],
        "text": said,
        "marker": {"color": "@c0", "opacity": 0.5, "size": sizes, "line": {"color": "@paper", "width": 0.5}},
        "hovertemplate": "%{text}<extra></extra>",
    }


def _among(point: Point, group: Sequence[Point], digits: int) -> str:
    others = f"<br>and {len(group) - 1} near it" if len(group) > 1 else ""
    return f"{plain(point.name)}<br>{fixed(point.value, digits)}{others}"


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
