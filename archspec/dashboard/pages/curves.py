"""How arms learn: when they part, and whether they have finished learning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from archspec.dashboard.page import Look, Page
from archspec.dashboard.study import Study
from archspec.report.figures.curves import ACROSS, Wish, figures
from archspec.report.table import Table

PAGE = Page("/s/{study}/curves", "Curves", "When do arms part, and have they finished learning?", place=30)

MOST = 48
"""Arms up to which all factors are shown at once."""
ALL = "all"


def show(look: Look) -> dict[str, Any]:
    """The curves that the address asks for."""
    study, query = look.study, look.query
    measured, factors = study.measured, _factors(study)
    usual = study.plan.metric if study.plan.metric in measured else next(iter(measured), "")
    metric = query.one("metric", measured, usual)
    first = ALL if len(study.plan.arms) <= MOST else factors[0]
    factor = query.one("factor", [ALL, *factors], first)
    gpus = {key: one.gpus for key, one in study.known.items()}
    across = {name: title for name, title in ACROSS.items() if name != "gpu_hours" or any(gpus.values())}
    wish = Wish(
        metric,
        across=query.one("x", list(across), "epoch"),
        differences=query.flag("differences"),
        singles=query.flag("seeds"),
        gpus=gpus,
    )
    table = _of(study.table, factor)
    arms = [row.planned.id for row in table.rows]
    return {
        "study": study,
        "wish": wish,
        "measured": measured,
        "across": list(across.items()),
        "factors": [(ALL, "all factors"), *((name, name) for name in factors)],
        "factor": factor,
        "figures": [*figures(table, study.curves(arms, [metric]), wish)] if metric else [],
    }


def _factors(study: Study) -> Sequence[str]:
    return list(dict.fromkeys(arm.factor for arm in study.plan.arms if arm.factor)) or [ALL]


def _of(table: Table, factor: str) -> Table:
    """The table with the arms of one factor, and what they are compared with."""
    if factor == ALL:
        return table
    arms = {row.planned.id for row in table.rows if row.planned.factor == factor or row.is_baseline}
    arms |= {row.planned.against for row in table.rows if row.planned.id in arms}
    return replace(table, rows=tuple(row for row in table.rows if row.planned.id in arms))
