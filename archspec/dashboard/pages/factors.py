"""Which knob matters, and whether knobs change each other: effects, maps, the ladder of a roadmap."""

from __future__ import annotations

from typing import Any, NamedTuple

from archspec.dashboard.page import Look, Page
from archspec.report import sheets
from archspec.report.figures import factorial, forest, maps, waterfall
from archspec.report.table import Group, Table
from archspec.report.verdicts import ALPHA

PAGE = Page("/s/{study}/factors", "Factors", "Which knob matters, and do knobs change each other?", place=25)


class Reach(NamedTuple):
    """How far a factor moves the metric, and how many of its arms these seeds can tell from the baseline."""

    factor: str
    baseline: str
    arms: int
    least: float
    most: float
    told: int
    largest: str
    """The arm that moves it furthest."""


def show(look: Look) -> dict[str, Any]:
    """Everything about factors that the design allows to say."""
    study = look.study
    metric = look.query.one("metric", study.table.metrics, study.plan.metric if study.table.metrics else "")
    table = study.by(metric)
    drawn = [*waterfall.figures(table), *factorial.figures(table), *maps.figures(table)]
    return {
        "study": study,
        "table": table,
        "metrics": list(study.table.metrics),
        "reaches": reaches(table),
        "extra": [sheet for sheet in sheets.sheets(table) if not sheet.is_arms],
        "figures": [*drawn, *([] if table.effects else forest.figures(table))],
    }


def reaches(table: Table) -> list[Reach]:
    """The factors of every baseline, those that move the metric furthest first."""
    found = [(group, block.baseline.label) for block in table.blocks for group in block.groups]
    known = [one for group, baseline in found if (one := _reach(group, baseline)) is not None]
    return sorted(known, key=lambda one: -max(abs(one.least), abs(one.most)))


def _reach(group: Group, baseline: str) -> Reach | None:
    moved = {row.label: row.difference.mean for row in group.rows if row.difference and not row.same}
    if not moved:
        return None
    told = sum(row.p is not None and row.p < ALPHA for row in group.rows)
    largest = max(moved, key=lambda label: abs(moved[label]))
    return Reach(group.factor, baseline, len(group.rows), min(moved.values()), max(moved.values()), told, largest)
