"""The paper's tables with ours beside them: whether what it says is found here too."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from archspec.dashboard.page import Look, Page
from archspec.report.figures.drawing import Drawing, Figure, layout, plain
from archspec.report.figures.looks import looks
from archspec.report.rows import Row
from archspec.report.table import Table
from archspec.report.wording import fixed

PAGE = Page("/s/{study}/paper", "Paper", "Do we find what the paper says?", place=50)


def show(look: Look) -> dict[str, Any]:
    """The paper's tables, number by number, and a figure of all of them."""
    study = look.study
    table = study.table
    rows = [row for row in table.rows if row.paper is not None]
    by_table = sorted(rows, key=lambda row: row.planned.table)
    return {
        "study": study,
        "table": table,
        "tables": [(name, list(found)) for name, found in groupby(by_table, key=lambda row: row.planned.table)],
        "missing": [table.names[row.planned.id] for row in table.rows if row.paper is None],
        "unfinished": [table.names[row.planned.id] for row in rows if row.summary is None],
        "links": look.arms(study.table.by_id),
        "signs": _signs(rows),
        "figures": [_figure(table, rows)] if any(row.summary for row in rows) else [],
    }


def _signs(rows: list[Row]) -> tuple[int, int]:
    """How many differences have the paper's sign, and how many could be held against it."""
    both = [
        (row.difference.mean, row.paper_delta) for row in rows if row.difference and row.paper_delta and not row.same
    ]
    return sum(ours * theirs > 0 for ours, theirs in both), len(both)


def _figure(table: Table, rows: list[Row]) -> Figure:
    caption = "on the dotted line both say the same; bars are 95% intervals over seeds"
    return Figure("ours-and-theirs", "Ours and the paper's", caption, _draw(table, rows))


def _draw(table: Table, rows: list[Row]) -> Drawing:
    styles, data = looks(table.rows), []
    places = [(row, row.paper, row.summary) for row in rows]
    both = [value for _, paper, ours in places if ours and paper is not None for value in (paper, ours.mean)]
    ends = [min(both), max(both)]
    line = {"color": "@muted", "width": 1.2, "dash": "dot"}
    data.append({"type": "scatter", "mode": "lines", "x": ends, "y": ends, "line": line, "hoverinfo": "skip"})
    for row, paper, ours in places:
        if ours is None or paper is None:
            continue
        look, name = styles[row.planned.id], plain(table.names[row.planned.id])
        said = f"{name}<br>{fixed(ours.mean, table.digits)} here, {fixed(paper, table.digits)} there<extra></extra>"
        bar = {"type": "data", "array": [ours.margin], "color": look.faded(0.55), "thickness": 1.2, "width": 0}
        marker = {"color": look.colour, "symbol": look.marker, "size": 10}
        dot = {"type": "scatter", "mode": "markers", "x": [paper], "y": [round(ours.mean, 4)], "name": name}
        error = {"error_y": bar} if ours.margin is not None else {}
        data.append({**dot, "marker": marker, "hovertemplate": said, **error})
    plane = layout(f"{table.metric} in the paper", f"{table.metric} here", hovermode="closest", showlegend=False)
    return {"data": data, "layout": plane}
