"""How arms learn: the mean of their seeds epoch by epoch, and the range that the seeds span."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archspec.records.known import Point
from archspec.report.figures.drawing import Drawing, Figure, layout, plain, rounded
from archspec.report.figures.looks import Look, looks
from archspec.report.rows import Row
from archspec.report.table import Table

Curves = Mapping[str, Sequence[Point]]
"""What every run measured along the way, under its key."""


@dataclass(frozen=True)
class Line:
    """An arm's curve: the mean, the lowest and the highest of its seeds at each epoch."""

    arm: str
    label: str
    seeds: int
    epochs: list[int]
    mean: list[float]
    low: list[float]
    high: list[float]


@dataclass(frozen=True)
class Panel:
    """Arms that are shown together: a factor's, and the baseline."""

    title: str
    metric: str
    lines: tuple[Line, ...]


def panels(table: Table, curves: Curves) -> list[Panel]:
    """A panel for each factor on each baseline, where anything was measured along the way."""
    found, metric = [], table.metric
    for block in table.blocks:
        for group in block.groups:
            lines = [_line(row, curves, metric) for row in (block.baseline, *group.rows)]
            kept = tuple(line for line in lines if line is not None)
            title = f"{group.factor} on {block.baseline.label}" if len(table.blocks) > 1 else group.factor
            if kept:
                found.append(Panel(title, metric, kept))
    return found


def _line(row: Row, curves: Curves, metric: str) -> Line | None:
    by_epoch: dict[int, dict[int, float]] = {}
    for seed, key in row.keys.items():
        for point in curves.get(key, ()):
            value = point.values.get(metric)
            if value is not None:
                by_epoch.setdefault(point.epoch, {})[seed] = value
    if not by_epoch:
        return None
    epochs = sorted(by_epoch)
    values = [list(by_epoch[epoch].values()) for epoch in epochs]
    seeds = len({seed for found in by_epoch.values() for seed in found})
    mean = rounded([sum(found) / len(found) for found in values])
    return Line(
        row.planned.id, row.label, seeds, epochs, mean, rounded([*map(min, values)]), rounded([*map(max, values)])
    )


def figures(table: Table, curves: Curves) -> Iterator[Figure]:
    """The panels, drawn."""
    found = looks(table.rows)
    for number, panel in enumerate(panels(table, curves)):
        caption = f"{panel.metric} on the validation images, by epoch: the mean of the seeds and the range they span"
        yield Figure(f"curves-{number}", panel.title, caption, draw(panel, found))


def draw(panel: Panel, looks: Mapping[str, Look]) -> Drawing:
    """A line for each arm, and its range as a band."""
    data = [trace for line in panel.lines for trace in _traces(line, looks[line.arm])]
    plane = layout("epoch", panel.metric, hovermode="x unified")
    plane["yaxis"]["range"] = list(window(panel))
    return {"data": data, "layout": plane}


def window(panel: Panel) -> tuple[float, float]:
    """The heights that matter: of the first steep quarter only what is as high as the rest."""
    late = [(line, i) for line in panel.lines for i in range(len(line.epochs) // 4, len(line.epochs))]
    low, high = min(line.low[i] for line, i in late), max(line.high[i] for line, i in late)
    room = 0.05 * (high - low) or 0.5
    return round(low - room, 6), round(high + room, 6)


def _traces(line: Line, look: Look) -> Iterator[dict[str, Any]]:
    shared = {"type": "scatter", "mode": "lines", "x": line.epochs, "legendgroup": line.arm}
    if line.seeds > 1:
        edge = {**shared, "line": {"width": 0, "color": look.colour}, "hoverinfo": "skip", "showlegend": False}
        yield {**edge, "y": line.low}
        yield {**edge, "y": line.high, "fill": "tonexty", "fillcolor": look.faded(0.14)}
    single = "lines+markers" if len(line.epochs) == 1 else "lines"
    style = {"color": look.colour, "dash": look.dash, "width": 2}
    marker = {"color": look.colour, "symbol": look.marker, "size": 8}
    yield {**shared, "mode": single, "y": line.mean, "name": plain(line.label), "line": style, "marker": marker}
