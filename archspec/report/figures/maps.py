"""Two factors as a map: how high every combination of their levels comes, and which pairs do more than add up."""

from __future__ import annotations

from collections.abc import Iterator

from archspec.report.figures.drawing import Drawing, Figure, axis, layout, plain
from archspec.report.figures.factorial import Crossing, crossings
from archspec.report.table import Table
from archspec.report.wording import fixed


def figures(table: Table) -> Iterator[Figure]:
    """A map for every two factors of a factorial, on every baseline."""
    for number, block in enumerate(table.blocks if table.effects else ()):
        on = f" on {block.baseline.label}" if len(table.blocks) > 1 else ""
        for place, crossing in enumerate(crossings(block)):
            title = f"{crossing.first} and {crossing.second}{on}"
            caption = f"mean {table.metric} of every combination, over the other factors"
            yield Figure(f"map-{number}-{place}", title, caption, draw(crossing, table.digits))


def draw(crossing: Crossing, digits: int) -> Drawing:
    """A cell for each combination, darker the higher it comes, with its number written in it."""
    rows = list(crossing.lines.values())
    cells = {
        "type": "heatmap",
        "x": [plain(name) for name in crossing.levels],
        "y": [plain(name) for name in crossing.lines],
        "z": [[None if value is None else round(value, 4) for value in row] for row in rows],
        "colorscale": [[0, "@accent/0.06"], [1, "@accent/0.75"]],
        "showscale": False,
        "xgap": 3,
        "ygap": 3,
        "text": [["" if value is None else fixed(value, digits) for value in row] for row in rows],
        "texttemplate": "%{text}",
        "textfont": {"color": "@ink"},
        "hovertemplate": "%{x}, %{y}: %{text}<extra></extra>",
    }
    plane = layout("", "", height=120 + 46 * len(rows), showlegend=False)
    plane["xaxis"] = axis(crossing.first, type="category", showgrid=False)
    plane["yaxis"] = axis(crossing.second, type="category", showgrid=False)
    return {"data": [cells], "layout": plane}
