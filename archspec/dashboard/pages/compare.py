"""Several studies beside each other: first how they differ as experiments, then arm by arm what they found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archspec.dashboard.page import Look, Page
from archspec.dashboard.site import STUDIES
from archspec.dashboard.study import Study
from archspec.report.rows import Row

PAGE = Page("/compare", "Compare", "Do studies agree, and were they the same experiment?", place=3)

PROTOCOL = ("design", "metric", "paper", "profile")


def show(look: Look) -> dict[str, Any]:
    """The studies that the address names, at most four."""
    names = look.site.names
    asked = look.query.many("s", names)
    if len(asked) > STUDIES:
        look.query.notes.append(f"only the first {STUDIES} of {len(asked)} studies are shown")
    studies = [look.site.study(name) for name in asked[:STUDIES]]
    return {
        "all": names,
        "studies": studies,
        "protocol": _protocol(studies),
        "arms": _arms(studies),
        "digits": max((study.table.digits for study in studies), default=2),
    }


def _protocol(studies: Sequence[Study]) -> list[tuple[str, list[str], bool]]:
    """What each study is as an experiment, and whether that differs."""
    said = [(name, [str(getattr(study.plan, name)) for study in studies]) for name in PROTOCOL]
    said += [
        ("seeds", [", ".join(map(str, study.plan.seeds)) for study in studies]),
        ("recipes", [", ".join(sorted({arm.recipe for arm in study.plan.arms})) for study in studies]),
        ("baselines", [", ".join(arm.name for arm in study.plan.tested if not arm.against) for study in studies]),
        ("images of a training", [_range([arm.images for arm in study.plan.arms]) for study in studies]),
    ]
    for name in ("device", "torch", "commit"):
        said.append((name, [_used(study, name) for study in studies]))
    return [(name, values, len(set(values)) > 1) for name, values in said if any(values)]


def _used(study: Study, name: str) -> str:
    found = sorted({str(getattr(one, name)) for one in study.known.values()} - {""})
    return ", ".join(value[:12] for value in found)


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers, default=0), max(numbers, default=0)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _arms(studies: Sequence[Study]) -> list[tuple[str, list[Row | None], bool]]:
    """The arms by name, what each study has of them, and whether it is the same network everywhere."""
    tables = [{row.planned.id: row for row in study.table.rows} for study in studies]
    ids = dict.fromkeys(arm for table in tables for arm in table)
    found = [(arm, [table.get(arm) for table in tables]) for arm in ids]
    found.sort(key=lambda one: -sum(row is not None for row in one[1]))
    return [(arm, rows, len({row.planned.digest for row in rows if row}) < 2) for arm, rows in found]
