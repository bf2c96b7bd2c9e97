"""What broke: failures by their cause, where and when, how to run them again, and which arms they may flatter."""

from __future__ import annotations

from typing import Any

from archspec.dashboard import failing
from archspec.dashboard.files import tail
from archspec.dashboard.page import Look, Page
from archspec.records.known import Known
from archspec.records.run import RunFolder

PAGE = Page("/s/{study}/failures", "Failures", "What broke, and is it one cause?", place=60)

LONGEST = 16 * 1024
"""Bytes of a traceback that are looked at: its end."""


def show(look: Look) -> dict[str, Any]:
    """The causes, those with most runs first."""
    study, store = look.study, look.site.store

    def details(known: Known) -> str:
        if not known.attempt:
            return ""
        found = tail(store.path, RunFolder(store.run(known.key)).attempt(known.attempt).failure, LONGEST)
        return found.text if found else ""

    found = failing.failures(study.plan, study.known, details)
    return {
        "table": study.table,
        "found": [(one, failing.retry(study.plan, store.path, one.runs)) for one in found],
        "where": failing.where,
        "all": failing.retry(study.plan, store.path, [run for one in found for run in one.runs]),
        "biases": failing.biases(study.plan, study.known),
        "waiting": {state: number for state, number in study.counts.items() if state not in (*failing.ENDED, "done")},
        "arms": study.plan.by_id,
    }
