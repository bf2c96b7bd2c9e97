"""All studies of the store: what is running, what has finished, what broke."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from archspec.dashboard.page import Look, Page
from archspec.report.table import lower_is_better
from archspec.studies.status import ORDER

PAGE = Page("/", "Studies", "What is running, what has finished, what broke?", place=1)

RUNS = """
    SELECT arm_runs.study, COALESCE(runs.state, 'planned') AS state, COUNT(DISTINCT arm_runs.key) AS number,
           MAX(runs.ended) AS ended, MAX(runs.started) AS started
    FROM arm_runs LEFT JOIN runs ON runs.key = arm_runs.key
    GROUP BY arm_runs.study, COALESCE(runs.state, 'planned')"""
COST = """
    SELECT study, SUM(seconds) / 3600.0 AS hours, SUM(seconds * gpus) / 3600.0 AS gpu_hours
    FROM (SELECT DISTINCT arm_runs.study, runs.key, runs.seconds, runs.gpus
          FROM arm_runs JOIN runs ON runs.key = arm_runs.key) AS each_once
    GROUP BY study"""
BEST = """
    SELECT study, arm, n, mean, paper FROM arm_means WHERE n > 0"""
ABOUT = """
    SELECT studies.*, COUNT(arms.arm) AS arms FROM studies LEFT JOIN arms ON arms.study = studies.name
    GROUP BY studies.name, studies.signature, studies.study, studies.profile, studies.design, studies.metric,
             studies.paper
    ORDER BY studies.name"""


def show(look: Look) -> dict[str, Any]:
    """A row for each study, those that were at work last first."""
    rows = look.site.rows
    states, costs, best = _by_study(rows(RUNS)), _by_study(rows(COST)), _by_study(rows(BEST))
    studies = [
        _row(look, about, states.get(about["name"], []), costs.get(about["name"], []), best.get(about["name"], []))
        for about in rows(ABOUT)
    ]
    studies.sort(key=lambda row: (not row["driven"], -(row["last"] or 0), row["name"]))
    return {"studies": studies, "sought": look.query.text("q"), "progress": look.site.progress}


def _by_study(rows: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["study"], []).append(row)
    return found


def _row(
    look: Look, about: dict[str, Any], states: list[dict[str, Any]], cost: list[dict[str, Any]], best: list[Any]
) -> dict[str, Any]:
    numbers = {row["state"]: row["number"] for row in states}
    times = [row[name] for row in states for name in ("ended", "started") if row[name]]
    choose = min if lower_is_better(about["metric"]) else max
    return {
        **about,
        "counts": {state: numbers[state] for state in ORDER if state in numbers},
        "runs": sum(numbers.values()),
        "last": max(times, default=None),
        "driven": look.site.plans.folder(about["name"]).is_driven(),
        "cost": cost[0] if cost else None,
        "best": choose(best, key=lambda row: row["mean"], default=None),
    }
