"""What broke: failures by their cause, where and when, how to run them again, and which arms they may flatter."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from archspec.dashboard import failing
from archspec.dashboard.files import tail
from archspec.dashboard.page import Look, Page
from archspec.records.known import Known
from archspec.records.run import RunFolder
from archspec.records.store import Store

PAGE = Page("/s/{study}/failures", "Failures", "What broke, and is it one cause?", place=60)

LONGEST = 8 * 1024
"""Bytes of a traceback that are looked at: its end."""
MOST = 40
"""Runs of a cause that are named."""
MOST_ASKED = 1000
"""Runs that one button asks for."""


def show(look: Look) -> dict[str, Any]:
    """The causes, those with most runs first."""
    study, store = look.study, look.site.store

    def details(known: Known) -> str:
        return _traceback(store, known.key, known.attempt) if known.attempt else ""

    found = failing.failures(study.plan, study.known, details)
    folder = look.site.plans.folder(study.name)
    logs = {file.name: tail(store.path, file, LONGEST) for file in (folder.log, folder.driver_log)} if found else {}
    return {
        "names": study.names,
        "links": look.arms(study.table.by_id),
        "found": [(one, failing.retry(study.plan, store.path, one.runs)) for one in found],
        "where": failing.where,
        "all": failing.retry(study.plan, store.path, [run for one in found for run in one.runs]),
        "biases": failing.biases(study.plan, study.known, study.names),
        "waiting": {state: number for state, number in study.counts.items() if state not in (*failing.ENDED, "done")},
        "most": MOST,
        "most_asked": MOST_ASKED,
        "logs": {name: said.text for name, said in logs.items() if said is not None and said.text},
    }


@lru_cache(maxsize=400)
def _traceback(store: Store, key: str, attempt: int) -> str:
    """What an attempt has left behind, which nobody writes again."""
    found = tail(store.path, RunFolder(store.run(key)).attempt(attempt).failure, LONGEST)
    return found.text if found else ""
