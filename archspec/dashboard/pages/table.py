"""The table of a study: does a change matter beyond what seeds do?"""

from __future__ import annotations

import json
from typing import Any

from archspec.dashboard.page import Look, Page
from archspec.dashboard.study import Study
from archspec.dashboard.tabling import best_of, chosen, last_epoch
from archspec.report import cells, sheets
from archspec.report.csv import csv
from archspec.report.figures.looks import looks
from archspec.report.figures.strips import WIDTH, Scales
from archspec.report.latex import latex
from archspec.report.markdown import markdown

PAGE = Page("/s/{study}/table", "Table", "Does the change matter, beyond what seeds do?", place=20)

MOST = 300
"""Arms that are shown unless all are asked for."""
EPOCHS = 25
"""Epochs that are offered; any other can stand in the address."""


def show(look: Look) -> dict[str, Any]:
    """The table that the address asks for, and the same to be copied."""
    study, whole = look.study, chosen(look)
    table = whole if look.query.flag("all") else best_of(whole, MOST)
    along = look.query.text("epoch") != ""
    return {
        "study": study,
        "table": table,
        "blocks": [(block, Scales.of(block)) for block in table.blocks],
        "columns": {column.key: column for column in cells.columns(table)},
        "looks": looks(table.rows),
        "strip_width": WIDTH,
        "links": look.arms(study.table.by_id),
        "extra": [sheet for sheet in sheets.sheets(table) if not sheet.is_arms],
        "after": sheets.after(table),
        "baselines": list(study.table.names.items()),
        "metrics": study.measured if along else list(study.table.metrics),
        "epochs": _epochs(study),
        "left_out": len(whole.rows) - len(table.rows),
        "sought": look.query.text("q"),
        "copies": {
            "Markdown": markdown(table),
            "LaTeX": latex(table),
            "CSV": csv(table),
            "JSON": json.dumps(table.to_dict()),
        },
    }


def _epochs(study: Study) -> list[tuple[str, str]]:
    """When a metric can be read: at the test, at the newest or best epoch, or at some."""
    last = last_epoch(study)
    step = max(1, -(-last // EPOCHS))
    numbers = [*range(step, last, step), *([last] if last else [])]
    return [("newest", "newest epoch"), ("best", "best epoch"), *((str(n), f"epoch {n}") for n in numbers)]
