"""How arms learn: the mean of their seeds epoch by epoch, and the range that the seeds span."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from archspec.records.known import Point
from archspec.report.figures.drawing import Drawing, Figure, crowded, epochs, layout, plain, rounded
from archspec.report.figures.looks import Look, looks
from archspec.report.rows import Row
from archspec.report.table import Table

Curves = Mapping[str, Sequence[Point]]
"""What every run measured along the way, under its key."""


MOST = 200
"""Places of a line that are drawn; a longer one is thinned."""


@dataclass(frozen=True)
class Wish:
    """What a reader wants to see of the curves."""

    metric: str
    across: str = "epoch"
    """What lies along the page: one of `ACROSS`."""
    differences: bool = False
    """Whether arms are shown as their difference to the baseline, paired by seed."""
    singles: bool = False
    """Whether every seed is drawn too."""
    gpus: Mapping[str, int] = field(default_factory=dict)
    """Accelerators that runs held, by their keys."""


ACROSS = {"epoch": "epoch", "hours": "hours of training", "gpu_hours": "GPU-hours"}


@dataclass(frozen=True)
class Line:
    """An arm's curve: the mean, the lowest and the highest of its seeds at each place."""

    arm: str
    label: str
    seeds: int
    x: list[float]
    mean: list[float]
    low: list[float]
    high: list[float]
    singles: tuple[tuple[list[float], list[float]], ...] = ()
    """Where and how high every seed was."""


@dataclass(frozen=True)
class Panel:
    """Arms that are shown together: a factor's, and the baseline."""

    title: str
    metric: str
    lines: tuple[Line, ...]
    across: str = "epoch"
    differences: bool = False


def panels(table: Table, curves: Curves, wish: Wish | None = None) -> list[Panel]:
    """A panel for each factor on each baseline, where anything was measured along the way."""
    wish = wish or Wish(table.metric)
    found = []
    for block in table.blocks:
        for group in block.groups:
            rows = group.rows if wish.differences else (block.baseline, *group.rows)
            lines = [_line(row, block.baseline, curves, wish) for row in rows]
            kept = tuple(line for line in lines if line is not None)
            title = f"{group.factor} on {block.baseline.label}" if len(table.blocks) > 1 else group.factor
            if kept:
                found.append(Panel(title, wish.metric, kept, wish.across, wish.differences))
    return found


def _line(row: Row, baseline: Row, curves: Curves, wish: Wish) -> Line | None:
    seeds = {seed: _heights(curves.get(key, ()), wish.metric) for seed, key in row.keys.items()}
    if wish.differences:
        seeds = {
            seed: _minus(found, curves.get(baseline.keys.get(seed, ""), ()), wish) for seed, found in seeds.items()
        }
    seeds = {seed: found for seed, found in seeds.items() if found}
    epochs = _thinned(sorted({epoch for found in seeds.values() for epoch in found}))
    if not epochs:
        return None
    places = {seed: _places(curves.get(row.keys[seed], ()), row.keys[seed], wish) for seed in seeds}
    x, mean, low, high = [], [], [], []
    for epoch in epochs:
        there = [(places[seed].get(epoch, 0.0), found[epoch]) for seed, found in seeds.items() if epoch in found]
        x.append(sum(place for place, _ in there) / len(there))
        values = [value for _, value in there]
        mean.append(sum(values) / len(values))
        low.append(min(values))
        high.append(max(values))
    drawn = [_single(found, places[seed], epochs) for seed, found in seeds.items()] if wish.singles else []
    x, mean, low, high = rounded(x), rounded(mean), rounded(low), rounded(high)
    return Line(row.planned.id, row.label, len(seeds), x, mean, low, high, tuple(drawn))


def _heights(points: Sequence[Point], metric: str) -> dict[int, float]:
    return {point.epoch: point.values[metric] for point in points if metric in point.values}


def _minus(found: Mapping[int, float], base: Sequence[Point], wish: Wish) -> dict[int, float]:
    other = _heights(base, wish.metric)
    return {epoch: value - other[epoch] for epoch, value in found.items() if epoch in other}


def _places(points: Sequence[Point], key: str, wish: Wish) -> dict[int, float]:
    """Where each epoch of a run lies along the page."""
    if wish.across == "epoch":
        return {point.epoch: float(point.epoch) for point in points}
    share = (wish.gpus.get(key, 0) if wish.across == "gpu_hours" else 1) / 3600
    passed = accumulate((point.seconds or 0.0) * share for point in points)
    return {point.epoch: place for point, place in zip(points, passed, strict=True)}


def _single(found: Mapping[int, float], places: Mapping[int, float], epochs: Sequence[int]) -> Any:
    kept = [epoch for epoch in epochs if epoch in found]
    return rounded([places.get(epoch, 0.0) for epoch in kept]), rounded([found[epoch] for epoch in kept])


def _thinned(epochs: list[int]) -> list[int]:
    step = -(-len(epochs) // MOST)
    return epochs[::-step][::-1] if step > 1 else epochs


def figures(table: Table, curves: Curves, wish: Wish | None = None) -> Iterator[Figure]:
    """The panels, drawn."""
    found = looks(table.rows)
    for number, panel in enumerate(panels(table, curves, wish)):
        caption = _caption(panel)
        yield Figure(f"curves-{number}", panel.title, caption, draw(panel, found))


def draw(panel: Panel, looks: Mapping[str, Look]) -> Drawing:
    """A line for each arm, and its range as a band."""
    data = [trace for line in panel.lines for trace in _traces(line, looks[line.arm])]
    title = f"difference in {panel.metric}" if panel.differences else panel.metric
    height = crowded([line.label for line in panel.lines])
    plane = layout(ACROSS[panel.across], title, height, hovermode="x unified" if panel.across == "epoch" else "closest")
    if panel.across == "epoch":
        plane["xaxis"] = epochs(max(line.x[-1] for line in panel.lines))
    plane["yaxis"] |= {"range": list(window(panel)), "zeroline": panel.differences, "zerolinecolor": "@ink/0.5"}
    return {"data": data, "layout": plane}


def _caption(panel: Panel) -> str:
    what = f"{panel.metric}, difference to the baseline paired by seed" if panel.differences else panel.metric
    by = {"epoch": "by epoch", "hours": "over time", "gpu_hours": "over GPU-hours"}[panel.across]
    return f"{what} on the validation images, {by}: the mean of the seeds and the range they span"


def window(panel: Panel) -> tuple[float, float]:
    """The heights that matter: of the first steep quarter only what is as high as the rest."""
    late = [(line, i) for line in panel.lines for i in range(len(line.x) // 4, len(line.x))]
    low, high = min(line.low[i] for line, i in late), max(line.high[i] for line, i in late)
    room = 0.05 * (high - low) or 0.5
    return round(low - room, 6), round(high + room, 6)


def _traces(line: Line, look: Look) -> Iterator[dict[str, Any]]:
    shared = {"type": "scatter", "mode": "lines", "x": line.x, "legendgroup": line.arm}
    if line.seeds > 1:
        edge = {**shared, "line": {"width": 0, "color": look.colour}, "hoverinfo": "skip", "showlegend": False}
        yield {**edge, "y": line.low}
        yield {**edge, "y": line.high, "fill": "tonexty", "fillcolor": look.faded(0.14)}
    for x, y in line.singles:
        thin = {"width": 1, "color": look.faded(0.45), "dash": look.dash}
        yield {**shared, "x": x, "y": y, "line": thin, "hoverinfo": "skip", "showlegend": False}
    single = "lines+markers" if len(line.x) == 1 else "lines"
    style = {"color": look.colour, "dash": look.dash, "width": 2}
    marker = {"color": look.colour, "symbol": look.marker, "size": 8}
    yield {**shared, "mode": single, "y": line.mean, "name": plain(line.label), "line": style, "marker": marker}
