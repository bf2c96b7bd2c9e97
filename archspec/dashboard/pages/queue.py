"""What is at work now, when it will be done, and what all of it has cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from archspec.dashboard.failing import FIRST, typed
from archspec.dashboard.page import Look, Page
from archspec.dashboard.rendering import LATEST
from archspec.dashboard.study import Study
from archspec.report.figures.drawing import Drawing, Figure, axis, layout, plain
from archspec.report.wording import hours, lasting

PAGE = Page("/queue", "Queue and cost", "When is it done, and what does it cost?", place=2)

MOST = 400
"""Runs that are listed."""
ARMS, WEEKS = 40, 26
"""Arms and weeks that are drawn."""
UNITS = {"hours": 1, "minutes": 60, "seconds": 3600}
"""What a time may be told in, and how many of it an hour has."""
WASTED = ("failed", "lost", "cancelled", "pruned", "invalid")
AT_WORK = """
    SELECT runs.key, runs.state, runs.epoch, runs.host, runs.device, runs.started, runs.seconds, runs.attempt,
           arm_runs.study, arm_runs.arm, arm_runs.seed, arm_runs.role, attempts.job
    FROM runs JOIN arm_runs ON arm_runs.key = runs.key
    LEFT JOIN attempts ON attempts.run_id = runs.id AND attempts.number = runs.attempt
    WHERE runs.state IN ('running', 'unknown') AND (:study = '' OR arm_runs.study = :study)
    ORDER BY runs.started DESC, runs.key LIMIT :most"""
SPENT = """
    SELECT study, state, COUNT(*) AS number, SUM(seconds) / 3600.0 AS hours, SUM(seconds * gpus) / 3600.0 AS gpu_hours
    FROM (SELECT DISTINCT arm_runs.study, arm_runs.key, COALESCE(runs.state, 'planned') AS state,
                 COALESCE(runs.seconds, 0) AS seconds, COALESCE(runs.gpus, 0) AS gpus
          FROM arm_runs LEFT JOIN runs ON runs.key = arm_runs.key
          WHERE :study = '' OR arm_runs.study = :study) AS each_once
    GROUP BY study, state"""
WEEK, MONDAY = 7 * 86400, 4 * 86400
"""Seconds of a week, and from the beginning of 1970 until the first Monday."""
BY_WEEK = """
    SELECT CASE WHEN attempts.started BETWEEN :monday AND :latest
           THEN (CAST(attempts.started AS BIGINT) - :monday) / :length END AS week, runs.state,
           SUM(attempts.seconds) / 3600.0 AS hours, SUM(attempts.seconds * attempts.gpus) / 3600.0 AS gpu_hours
    FROM attempts JOIN runs ON runs.id = attempts.run_id
    WHERE :study = '' OR runs.key IN (SELECT key FROM arm_runs WHERE study = :study)
    GROUP BY week, runs.state ORDER BY week"""
"""A question of its own: what several studies share was spent only once."""
COLUMNS = {
    "done": ("done", str),
    "left": ("to do", str),
    "running": ("at work", str),
    "each": ("a run takes", lambda value: lasting(3600 * value)),
    "hours": ("so far", lambda value: lasting(3600 * value)),
    "gpu_hours": ("GPU-hours", hours),
    "wasted": ("without a result", lambda value: lasting(3600 * value)),
    "more": ("to come", lambda value: lasting(3600 * value)),
}
"""What is told of each study, and how it is written."""


def show(look: Look) -> dict[str, Any]:
    """Runs at work, what is left of each study, and hours by what has become of them."""
    study = look.query.one("study", look.site.names)
    spent = look.site.rows(SPENT, study=study)
    weeks = look.site.rows(BY_WEEK, study=study, monday=MONDAY, length=WEEK, latest=LATEST)
    studies = [_left(look, name, [row for row in spent if row["study"] == name]) for name in _named(spent)]
    told = {name: column for name, column in COLUMNS.items() if any(one[name] for one in studies)}
    return {
        "chosen": study,
        "at_work": look.site.rows(AT_WORK, study=study, most=MOST),
        "most": MOST,
        "studies": sorted(studies, key=lambda one: (not one["left"], one["name"])),
        "columns": told,
        "begin": typed(FIRST, look.site.store.path),
        "cards": _cards(weeks),
        "figures": [*_by_week(weeks), *(_by_arm(look.site.study(study)) if study else ())],
    }


def _named(spent: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(row["study"] for row in spent))


def _left(look: Look, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What is left of a study, and how long that takes if it goes on like this."""
    by_state = {row["state"]: row for row in rows}
    numbers = {state: row["number"] for state, row in by_state.items()}
    driven = look.site.plans.folder(name).is_driven()
    left = sum(numbers.get(state, 0) for state in ("planned", "running", "unknown", "lost"))
    done, running = by_state.get("done"), numbers.get("running", 0)
    each = done["hours"] / done["number"] if done and done["number"] else 0.0
    return {
        "name": name,
        "driven": driven,
        "left": left,
        "running": running,
        "done": numbers.get("done", 0),
        "hours": sum(row["hours"] for row in rows),
        "gpu_hours": sum(row["gpu_hours"] for row in rows),
        "wasted": sum(row["hours"] for row in rows if row["state"] in WASTED),
        "each": each,
        "more": left * each,
        "eta": left * each / running if running and each else None,
    }


def _cards(spent: Sequence[dict[str, Any]]) -> dict[str, float]:
    hours = sum(row["hours"] for row in spent)
    wasted = sum(row["hours"] for row in spent if row["state"] in WASTED)
    gpu_hours = sum(row["gpu_hours"] for row in spent)
    return {"hours": hours, "gpu_hours": gpu_hours, "wasted": wasted, "share": wasted / hours if hours else 0.0}


def _by_week(rows: Iterable[dict[str, Any]]) -> Iterator[Figure]:
    """What was spent in the newest weeks."""
    told = [row for row in rows if row["week"] is not None]
    weeks = [(week, list(found)) for week, found in groupby(told, key=lambda row: row["week"])][-WEEKS:]
    if len(weeks) > 1:
        days = [f"{datetime.fromtimestamp(MONDAY + WEEK * week, UTC):%Y-%m-%d}" for week, _ in weeks]
        sums = [{name: sum(row[name] for row in found) for name in ("hours", "gpu_hours")} for _, found in weeks]
        yield bars("by-week", "week", "by the Monday of the week in which an attempt began (UTC)", days, sums)


def _by_arm(study: Study) -> Iterator[Figure]:
    """What the trainings of the dearest arms took."""
    rows = sorted((row for row in study.table.rows if row.hours), key=lambda row: -(row.hours or 0.0))[:ARMS]
    if rows:
        names = [study.names[row.planned.id] for row in rows]
        sums = [{"hours": row.hours or 0.0, "gpu_hours": row.gpu_hours or 0.0} for row in rows]
        yield bars("by-arm", "arm", "all seeds, all attempts", names, sums)


def bars(name: str, by: str, caption: str, names: list[str], rows: Sequence[dict[str, Any]]) -> Figure:
    """Bars of GPU-hours, or where nothing has held an accelerator, of time."""
    accelerated = any(row["gpu_hours"] for row in rows)
    spent = [row["gpu_hours" if accelerated else "hours"] for row in rows]
    units = (unit for unit, of_an_hour in UNITS.items() if max(spent) * of_an_hour >= 2)
    unit = "GPU-hours" if accelerated else next(units, "seconds")
    heights = [round(value * UNITS.get(unit, 1), 4) for value in spent]
    return Figure(name, f"{unit[:1].upper()}{unit[1:]} by {by}", caption, _draw(names, heights, unit))


def _draw(names: list[str], spent: list[float], unit: str) -> Drawing:
    trace = {
        "type": "bar",
        "orientation": "h",
        "marker": {"color": "@accent"},
        "hovertemplate": "%{x}<extra></extra>",
        "x": spent,
        "y": [plain(name) for name in names],
    }
    plane = layout(unit, "", height=90 + 26 * len(names), showlegend=False)
    plane["yaxis"] = axis("", autorange="reversed", type="category", showgrid=False)
    return {"data": [trace], "layout": plane}
