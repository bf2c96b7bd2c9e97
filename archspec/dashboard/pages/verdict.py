"""What a study has taught so far: warnings first, then a sentence a factor, and how far the runs are."""

from __future__ import annotations

from typing import Any

from archspec.dashboard.failing import command
from archspec.dashboard.page import Look, Page
from archspec.report import sheets
from archspec.report.html import facts
from archspec.report.table import Table

PAGE = Page("/s/{study}", "Verdict", "What did we learn?", place=10)

TOP = 5
"""Arms that are shown as the best ones."""


def show(look: Look) -> dict[str, Any]:
    """The sentences, and the best arms."""
    study = look.study
    table = study.table
    top = _top(table)
    return {
        "study": study,
        "table": table,
        "facts": facts(table),
        "hours": sum(one.seconds for one in study.known.values()) / 3600,
        "gpu_hours": sum(one.seconds * one.gpus for one in study.known.values()) / 3600,
        "searched": [one.removeprefix("search: ") for one in table.search.sentences()] if table.search else [],
        "top": top,
        "more": len(table.rows) > len(top),
        "papers": any(row.paper is not None for row in top),
        "after": sheets.sections(sheets.agreements(table), sheets.notes(table)),
        "begin": command("run", study.plan, look.site.store.path),
        "finished": any(row.n for row in table.rows),
    }


def _top(table: Table) -> list[Any]:
    """The best arms, the best first."""
    found = [row for row in table.rows if row.summary is not None]
    sign = 1 if table.lower_is_better else -1
    return sorted(found, key=lambda row: sign * (row.summary.mean if row.summary else 0.0))[:TOP]
