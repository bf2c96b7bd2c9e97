"""Every run of a study: what has become of it, and, where that is allowed, what is to become of it."""

from __future__ import annotations

from typing import Any

from archspec.dashboard.failing import command
from archspec.dashboard.page import Look, Page
from archspec.studies.plan import TRAININGS, PlannedRun
from archspec.studies.requests import waiting
from archspec.studies.status import ORDER

PAGE = Page("/s/{study}/runs", "Runs", "What has become of every run?", place=55)

MOST = 500
"""Runs that are shown at once."""


def show(look: Look) -> dict[str, Any]:
    """The runs in the states that the address asks for."""
    study, query = look.study, look.query
    states = [state for state in ORDER if state in study.counts]
    chosen = query.one("state", states)
    seen: dict[str, PlannedRun] = {}
    for run in study.plan.runs:
        if not chosen or study.known[run.key].state == chosen:
            seen.setdefault(run.key, run)
    runs = list(seen.values())
    return {
        "study": study,
        "states": [(state, f"{state} ({study.counts[state]})") for state in states],
        "chosen": chosen,
        "runs": runs[:MOST],
        "more": max(0, len(runs) - MOST),
        "reasons": any(study.known[run.key].reason for run in runs[:MOST]),
        "trainings": TRAININGS,
        "sought": query.text("q"),
        "names": study.names,
        "links": look.arms(study.table.by_id),
        "waiting": len(waiting(look.site.plans.folder(study.name))),
        "begin": command("run", study.plan, look.site.store.path),
    }
