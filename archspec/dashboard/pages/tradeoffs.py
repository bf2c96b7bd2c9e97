"""What accuracy costs: the best arm for a budget."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archspec.dashboard.page import Look, Page
from archspec.dashboard.references import references
from archspec.dashboard.study import Study
from archspec.report.figures.drawing import Figure
from archspec.report.figures.looks import looks
from archspec.report.figures.tradeoffs import COSTS, TITLES, Point, Printed, behind, draw, front, points, telling
from archspec.report.scores import TRAINED
from archspec.report.table import Table
from archspec.statistics import mean

PAGE = Page("/s/{study}/tradeoffs", "Trade-offs", "What is the best at a budget?", place=40)

USUAL = "closed forms"
MODELS = ("none", "own", "all")
SPEED = ("images_per_second", "memory_mib")


def show(look: Look) -> dict[str, Any]:
    """Figures of the metric against costs."""
    study, query = look.study, look.query
    table = study.by(query.one("metric", study.table.metrics, study.plan.metric if study.table.metrics else ""))
    found = points(table, _measured(study))
    there = [name for name in TITLES if any(name in point.costs for point in found)]
    cost = query.one("x", there)
    models = query.one("models", MODELS, "none")
    printed = _printed(study, table, models)
    best = front(found, cost or "macs", lower_is_better=table.lower_is_better)
    return {
        "study": study,
        "table": table,
        "metrics": list(study.table.metrics),
        "costs": [(name, TITLES[name]) for name in there],
        "cost": cost,
        "models": models,
        "figures": [*_figures(table, found, [cost] if cost else telling(found) or list(COSTS)[:1], printed)],
        "best": best,
        "told": [(name, TITLES[name]) for name in there if any(name in point.costs for point in best)],
        "links": look.arms(study.table.by_id),
    }


def _figures(table: Table, found: list[Point], costs: list[str], printed: list[Printed]) -> Iterator[Figure]:
    styles = looks(table.rows)
    for cost in costs:
        there = [point for point in found if cost in point.costs]
        if there:
            best = front(there, cost, lower_is_better=table.lower_is_better)
            drawing = draw(there, cost, table.metric, styles, table.digits)
            drawing["data"] = [*behind(cost, best, printed, table.digits), *drawing["data"]]
            yield Figure(f"cost-{cost}", f"{table.metric} against {TITLES[cost]}", _caption(printed, there), drawing)


def _caption(printed: list[Printed], found: list[Point]) -> str:
    hollow = "; hollow markers are the paper's" if any(point.paper is not None for point in found) else ""
    stars = "; stars are what papers print for other networks" if printed else ""
    return f"bars are 95% intervals over seeds, the dotted line is the best at its cost{hollow}{stars}"


def _printed(study: Study, table: Table, models: str) -> list[Printed]:
    """Networks of the study's paper, or of all papers; they have a top-1 accuracy and nothing else."""
    if models == "none" or table.metric != "top1":
        return []
    return [one for paper, one in references() if models == "all" or paper == study.plan.paper]


def _measured(study: Study) -> dict[str, dict[str, float]]:
    """How fast and how large the trainings of each arm were."""
    found: dict[str, dict[str, list[float]]] = {}
    for run in study.plan.runs:
        for name in SPEED if run.role == TRAINED else ():
            value = getattr(study.known[run.key], name)
            if value:
                found.setdefault(run.arm, {}).setdefault(name, []).append(value)
    means = {arm: {name: mean(values) for name, values in costs.items()} for arm, costs in found.items()}
    return {arm: {name: one.mean for name, one in costs.items() if one} for arm, costs in means.items()}
