"""What is at work now, when it will be done, and what all of it has cost."""

from __future__ import annotations

from typing import Any

from archspec.dashboard.page import Look, Page
from archspec.report.figures.drawing import Drawing, Figure, axis, layout, plain

PAGE = Page("/queue", "Queue and cost", "When is it done, and what does it cost?", place=2)

MOST = 400
"""Runs that are listed."""
ARMS = 40
"""Arms that are drawn."""
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
BY_ARM = """
    SELECT arm, SUM(seconds) / 3600.0 AS hours, SUM(gpu_hours) AS gpu_hours FROM results
    WHERE study = :study AND seconds > 0 GROUP BY arm ORDER BY SUM(seconds) DESC LIMIT :most"""


def show(look: Look) -> dict[str, Any]:
    """Runs at work, what is left of each study, and hours by what has become of them."""
    study = look.query.one("study", look.site.names)
    spent = look.site.rows(SPENT, study=study)
    studies = [_left(look, name, [row for row in spent if row["study"] == name]) for name in _named(spent)]
    arms = look.site.rows(BY_ARM, study=study, most=ARMS) if study else []
    return {
        "chosen": study,
        "at_work": look.site.rows(AT_WORK, study=study, most=MOST),
        "most": MOST,
        "studies": sorted(studies, key=lambda one: (not one["left"], one["name"])),
        "cards": _cards(spent),
        "runs_page": look.has("run"),
        "figures": [_figure(arms)] if arms else [],
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


def _cards(spent: list[dict[str, Any]]) -> dict[str, float]:
    hours = sum(row["hours"] for row in spent)
    wasted = sum(row["hours"] for row in spent if row["state"] in WASTED)
    gpu_hours = sum(row["gpu_hours"] for row in spent)
    return {"hours": hours, "gpu_hours": gpu_hours, "wasted": wasted, "share": wasted / hours if hours else 0.0}


def _figure(arms: list[dict[str, Any]]) -> Figure:
    accelerated = any(row["gpu_hours"] for row in arms)
    unit = "GPU-hours" if accelerated else "hours"
    hours = [row["gpu_hours" if accelerated else "hours"] for row in arms]
    return Figure(
        "by-arm", f"{unit} by arm", "all seeds, all attempts", _draw([row["arm"] for row in arms], hours, unit)
    )


def _draw(arms: list[str], hours: list[float], unit: str) -> Drawing:
    trace = {
        "type": "bar",
        "orientation": "h",
        "marker": {"color": "@accent"},
        "hovertemplate": "%{x}<extra></extra>",
        "x": [round(value, 4) for value in hours],
        "y": [plain(arm) for arm in arms],
    }
    plane = layout(unit, "", height=90 + 26 * len(arms), showlegend=False)
    plane["yaxis"] = axis("", autorange="reversed", type="category", showgrid=False)
    return {"data": [trace], "layout": plane}
