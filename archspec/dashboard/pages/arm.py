"""An arm: what it is, what it changed, what every seed of it reached, and how to have it again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from archspec.dashboard import comparing
from archspec.dashboard.asked import Asked, arm_document
from archspec.dashboard.failing import command
from archspec.dashboard.page import Look, MissingError, Page
from archspec.errors import near
from archspec.report import cells
from archspec.report.figures import curves
from archspec.report.figures.drawing import Figure
from archspec.report.figures.looks import looks
from archspec.report.html import changes
from archspec.report.rows import Row
from archspec.report.table import Table

PAGE = Page("/s/{study}/arm", "Arm", "What exactly is it, and how did every seed of it do?")


def show(look: Look) -> dict[str, Any]:
    """Everything about one arm."""
    study, table = look.study, look.study.table
    chosen = look.query.text("arm") or next(iter(table.by_id), "")
    if chosen not in table.by_id:
        raise MissingError(f"there is no arm `{chosen[:80]}` in {study.name}. {near(chosen, list(table.by_id))}")
    row = table.by_id[chosen]
    against = table.by_id.get(row.planned.against)
    before = arm_document(look.site.store.path, study.plan, against.planned) if against else Asked()
    asked = arm_document(look.site.store.path, study.plan, row.planned)
    columns = {column.key: column for column in cells.columns(table)}
    return {
        "table": table,
        "row": row,
        "against": against,
        "asked": asked,
        "changed": changes(row.planned.changes),
        "equal": bool(before.arch and asked.arch and before.arch.digest == asked.arch.digest),
        **_differences(before, asked),
        "cells": [(column.title, column.text(row)) for key, column in columns.items() if key != "arm"],
        "seeds": [_seed(look, row, against, seed, key) for seed, key in row.keys.items()],
        "again": command("run", study.plan, look.site.store.path, arms=[chosen]),
        "figures": _figures(look, table, row, against),
    }


def _differences(before: Asked, after: Asked) -> dict[str, Any]:
    """What follows from what it changes: in the network, in what that costs, and in the recipe."""
    shown: dict[str, Any] = {"recipes": comparing.recipes(before.recipe, after.recipe), "network": [], "costs": []}
    if before.arch is None or after.arch is None:
        return shown
    total = comparing.sections(before.arch, after.arch)[-1]
    costs = [(title, total.pairs[name]) for name, title in comparing.COSTS if total.pairs[name].change]
    return {**shown, "network": comparing.changes(before.arch, after.arch), "costs": costs}


def _seed(look: Look, row: Row, against: Row | None, seed: int, key: str) -> dict[str, Any]:
    """A seed: its run, what it reached, and how that differs from the same seed of what the arm is compared with."""
    value, theirs = row.values.get(seed), against.values.get(seed) if against else None
    difference = None if value is None or theirs is None else value - theirs
    return {"seed": seed, "key": key, "known": look.study.known[key], "value": value, "difference": difference}


def _figures(look: Look, table: Table, row: Row, against: Row | None) -> list[Figure]:
    """How it learned, beside what it is compared with."""
    arms = [row.planned.id, *([against.planned.id] if against else [])]
    measured = look.study.curves(arms, [table.metric])
    rows = [one for one in (against, row) if one is not None]
    found = curves.panels(table, measured)
    lines = {line.arm: line for panel in found for line in panel.lines if line.arm in arms}
    kept = tuple(lines[one.planned.id] for one in rows if one.planned.id in lines)
    if not kept:
        return []
    panel = replace(found[0], title=row.label, lines=kept)
    caption = f"{table.metric} on the validation images, by epoch: the mean of the seeds and the range they span"
    return [Figure("arm-curves", "Learning curves", caption, curves.draw(panel, looks(table.rows)))]
