"""A search: how it got to its best candidates, what they decided, and which decisions mattered."""

from __future__ import annotations

from typing import Any

from archspec.dashboard.failing import command
from archspec.dashboard.page import Look, Page
from archspec.report.figures import searches
from archspec.report.sheets import MOST
from archspec.report.sheets import searches as sheets

PAGE = Page(
    "/s/{study}/search",
    "Search",
    "How far has the search come, and what did it find to matter?",
    place=45,
    design="search",
)


def show(look: Look) -> dict[str, Any]:
    """The figures of a search, and its best candidates."""
    study = look.study
    found = study.table.search
    return {
        "study": study,
        "search": found,
        "told": found.sentences() if found else [],
        "sheets": list(sheets(found)) if found else [],
        "drawings": {
            str(one.number): look.url("architecture", arm=one.arm) for one in (found.best(MOST) if found else ())
        },
        "figures": [*searches.figures(found)] if found else [],
        "begin": command("run", study.plan, look.site.store.path),
    }
