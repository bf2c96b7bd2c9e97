"""All studies of the store: what is running, what has finished, what broke."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from archspec.dashboard.failing import FIRST, typed
from archspec.dashboard.page import Look, Page
from archspec.report.table import LOWER
from archspec.studies.status import ORDER

PAGE = Page("/", "Studies", "What is running, what has finished, what broke?", place=1)

LESS = " OR ".join(f"studies.metric LIKE '%{end}'" for end in LOWER)
STUDIES = """
    WITH once AS (
        SELECT DISTINCT arm_runs.study, arm_runs.key, COALESCE(runs.state, 'planned') AS state,
               runs.seconds, runs.gpus, runs.started, runs.ended
        FROM arm_runs LEFT JOIN runs ON runs.key = arm_runs.key),
    spent AS (
        SELECT study, state, COUNT(*) AS runs, SUM(seconds) / 3600.0 AS hours,
               SUM(seconds * gpus) / 3600.0 AS gpu_hours, MAX(COALESCE(ended, started)) AS last
        FROM once GROUP BY study, state),
    means AS (
        SELECT studies.name AS study, arm_runs.arm, COUNT(*) AS n, AVG(scores.value) AS mean,
               AVG(scores.value) * CASE WHEN {less} THEN 1 ELSE -1 END AS rank
        FROM studies JOIN arm_runs ON arm_runs.study = studies.name AND arm_runs.role = 'train'
        JOIN runs ON runs.key = arm_runs.key AND runs.state = 'done'
        JOIN scores ON scores.run_id = runs.id AND scores.name = studies.metric
        GROUP BY studies.name, studies.metric, arm_runs.arm),
    placed AS (SELECT *, ROW_NUMBER() OVER (PARTITION BY study ORDER BY rank, arm) AS place FROM means)
    SELECT studies.name, studies.design, studies.paper, studies.metric, best.name AS best, best.against, best.baseline,
           placed.n, placed.mean,
           (SELECT COUNT(*) FROM arms WHERE arms.study = studies.name) AS arms, spent.*
    FROM studies LEFT JOIN spent ON spent.study = studies.name
    LEFT JOIN placed ON placed.study = studies.name AND placed.place = 1
    LEFT JOIN arms AS best ON best.study = studies.name AND best.arm = placed.arm
    ORDER BY studies.name"""
"""A row for each state that runs of a study are in, beside what the study is and the best of its arms."""


def show(look: Look) -> dict[str, Any]:
    """A row for each study, those that were at work last first."""
    found = groupby(look.site.rows(STUDIES.format(less=LESS)), key=lambda row: row["name"])
    studies = [_study(look, list(rows)) for _, rows in found]
    studies.sort(key=lambda study: (not study["driven"], -(study["last"] or 0), study["name"]))
    return {
        "studies": studies,
        "begin": typed(FIRST, look.site.store.path),
        "sought": look.query.text("q"),
        "progress": look.site.progress,
    }


def _study(look: Look, rows: list[dict[str, Any]]) -> dict[str, Any]:
    about, numbers = rows[0], {row["state"]: row["runs"] for row in rows if row["state"]}
    return {
        **about,
        "counts": {state: numbers[state] for state in ORDER if state in numbers},
        "runs": sum(numbers.values()),
        "last": max((row["last"] for row in rows if row["last"]), default=None),
        "driven": look.site.plans.folder(about["name"]).is_driven(),
        "hours": sum(row["hours"] or 0.0 for row in rows),
        "gpu_hours": sum(row["gpu_hours"] or 0.0 for row in rows),
    }
