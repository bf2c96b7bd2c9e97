"""What has become of a study's runs: what the folders say, and what only the study knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from archspec.records.known import Known
from archspec.studies.plan import Plan, PlannedRun

STOPPED = ("failed", "cancelled", "blocked", "invalid")
"""States of a run for which nothing that needs it can wait."""
OPEN = ("planned", "lost", "pruned")
"""States in which a run is to be started."""
ORDER = (
    *("done", "running", "queued", "planned", "lost", "unknown", "blocked", "failed", "cancelled", "pruned"),
    "invalid",
)
"""The states in the order of a life."""


def overlaid(plan: Plan, known: Mapping[str, Known], cancelled: frozenset[str], *, driven: bool) -> dict[str, Known]:
    """Every run with the state that a reader expects: cancelled, blocked and queued ones told from those planned."""
    found: dict[str, Known] = {}
    for run in plan.runs:
        if run.key not in found:
            found[run.key] = _overlaid(run, known[run.key], found, cancelled, driven)
    return found


def _overlaid(
    run: PlannedRun, one: Known, before: Mapping[str, Known], cancelled: frozenset[str], driven: bool
) -> Known:
    if one.state not in OPEN:
        return one
    if run.key in cancelled:
        return replace(one, state="cancelled")
    if any(before[key].state in STOPPED for key in run.needs):
        return replace(one, state="blocked")
    return replace(one, state="queued") if driven and one.state == "planned" else one


def queued(known: Mapping[str, Known], waiting: Iterable[str]) -> dict[str, Known]:
    """The same, with those told that wait in a scheduler's queue, whoever may be driving."""
    keys = set(waiting)
    return {
        key: replace(one, state="queued") if key in keys and one.state in OPEN else one for key, one in known.items()
    }


def counts(known: Mapping[str, Known]) -> dict[str, int]:
    """How many runs are in each state, in the order of a life."""
    states = [one.state for one in known.values()]
    return {state: states.count(state) for state in ORDER if state in states}
