"""All studies of the store: what is running, what has finished, what broke."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from archspec.dashboard.failing import FIRST, typed
from archspec.dashboard.page import Look, Page
from archspec.report.table import lower_is_better
from archspec.studies.status import ORDER

PAGE = Page("/", "Studies", "What is running, what has finished, what broke?", place=1)

RUNS = """
    SELECT study, state, COUNT(*) AS number, SUM(seconds) / 3600.0 AS hours, SUM(seconds * gpus) / 3600.0 AS gpu_hours,
           MAX(ended) AS ended, MAX(started) AS started
    FROM (SELECT DISTINCT arm_runs.study, arm_runs.key, COALESCE(runs.state, 'planned') AS state,
                 COALESCE(runs.seconds, 0) AS seconds, COALESCE(runs.gpus, 0) AS gpus, runs.ended, runs.started
          FROM arm_runs LEFT JOIN runs ON runs.key = arm_runs.key) AS each_once
    GROUP BY study, state"""
BEST = """
    SELECT studies.name AS study, arm_runs.arm, COUNT(*) AS n, AVG(scores.value) AS mean
    FROM studies JOIN arm_runs ON arm_runs.study = studies.name AND arm_runs.role = 'train'
    JOIN runs ON runs.key = arm_runs.key AND runs.state = 'done'
    JOIN scores ON scores.run_id = runs.id AND scores.name = studies.metric
    GROUP BY studies.name, arm_runs.arm"""
ABOUT = """
    SELECT studies.*, COUNT(arms.arm) AS arms FROM studies LEFT JOIN arms ON arms.study = studies.name
    GROUP BY studies.name, studies.signature, studies.study, studies.profile, studies.design, studies.metric,
             studies.paper
    ORDER BY studies.name"""


def show(look: Look) -> dict[str, Any]:
    """A row for each study, those that were at work last first."""
    rows = look.site.rows
    runs, best = _by_study(rows(RUNS)), _by_study(rows(BEST))
    studies = [_row(look, about, runs.get(about["name"], []), best.get(about["name"], [])) for about in rows(ABOUT)]
    studies.sort(key=lambda row: (not row["driven"], -(row["last"] or 0), row["name"]))
    return {
        "studies": studies,
        "begin": typed(FIRST, look.site.store.path),
        "sought": look.query.text("q"),
        "progress": look.site.progress,
    }


def _by_study(rows: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["study"], []).append(row)
    return found


def _row(look: Look, about: dict[str, Any], runs: list[dict[str, Any]], best: list[Any]) -> dict[str, Any]:
    numbers = {row["state"]: row["number"] for row in runs}
    times = [row[name] for row in runs for name in ("ended", "started") if row[name]]
    choose = min if lower_is_better(about["metric"]) else max
    return {
        **about,
        "counts": {state: numbers[state] for state in ORDER if state in numbers},
        "runs": sum(numbers.values()),
        "last": max(times, default=None),
        "driven": look.site.plans.folder(about["name"]).is_driven(),
        "hours": sum(row["hours"] for row in runs),
        "gpu_hours": sum(row["gpu_hours"] for row in runs),
        "best": choose(best, key=lambda row: row["mean"], default=None),
    }
