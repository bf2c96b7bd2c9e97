"""Every arm's difference with its interval, one below the other: which change matters, and which way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from archspec.report.figures.drawing import Drawing, Figure, axis, layout, plain
from archspec.report.table import Block, Table
from archspec.report.wording import signed


@dataclass(frozen=True)
class Twig:
    """The difference that an arm or an effect makes, and the paper's; one seed settles nothing."""

    factor: str
    label: str
    value: float
    interval: tuple[float, float] | None
    paper: float | None = None

    @property
    def settled(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.interval is not None and (self.interval[0] > 0 or self.interval[1] < 0)


def twigs(block: Block) -> list[Twig]:
    """The arms of a block that could be compared, factor by factor."""
    return [
        Twig(group.factor, row.label, row.difference.mean, row.difference.interval, row.paper_delta)
        for group in block.groups
        for row in group.rows
        if row.difference is not None and not row.same
    ]


def figures(table: Table) -> Iterator[Figure]:
    """A figure for each baseline."""
    for number, block in enumerate(table.blocks):
        found = twigs(block)
        if found:
            caption = "paired by seed, with 95% intervals; grey where they cross 0"
            caption += "; diamonds are the paper's" if any(one.paper is not None for one in found) else ""
            title = f"Differences to {block.baseline.label}"
            yield Figure(f"forest-{number}", title, caption, draw(found, table.metric, table.digits))


def draw(found: Sequence[Twig], metric: str, digits: int) -> Drawing:
    """A dot and a line for each difference, and a line at zero."""
    names = [plain(f"{one.factor}: {one.label}") for one in found]
    reach = [one.interval or (one.value, one.value) for one in found]
    error = {
        "type": "data",
        "symmetric": False,
        "array": [round(high - one.value, 6) for one, (_, high) in zip(found, reach, strict=True)],
        "arrayminus": [round(one.value - low, 6) for one, (low, _) in zip(found, reach, strict=True)],
        "color": "@muted",
        "thickness": 1.6,
        "width": 0,
    }
    trace = {
        "type": "scatter",
        "mode": "markers",
        "x": [round(one.value, 6) for one in found],
        "y": names,
        "text": [signed(one.value, digits) for one in found],
        "error_x": error,
        "marker": {"color": ["@accent" if one.settled else "@muted" for one in found], "size": 10},
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }
    plane = layout("", "", height=100 + 28 * len(names), hovermode="closest", showlegend=False)
    plane["xaxis"] = axis(f"difference in {metric}", zeroline=True, zerolinecolor="@ink/0.5")
    plane["yaxis"] = axis("", autorange="reversed", type="category", showgrid=False)
    return {"data": [trace, *_papers(found, names)], "layout": plane}


def _papers(found: Sequence[Twig], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    there = [(name, one.paper) for name, one in zip(names, found, strict=True) if one.paper is not None]
    if there:
        yield {
            "type": "scatter",
            "mode": "markers",
            "x": [value for _, value in there],
            "y": [name for name, _ in there],
            "marker": {"symbol": "diamond-open", "size": 10, "color": "@ink", "line": {"width": 1.5}},
            "hovertemplate": "%{y}: %{x} in the paper<extra></extra>",
        }
