"""The network of an arm, drawn: shapes, costs, what it changed, and the lines in which all that is written."""

from __future__ import annotations

from typing import Any

from archspec.dashboard.asked import subject
from archspec.dashboard.choosing import known, networks
from archspec.dashboard.page import Look, Page
from archspec.report.architecture.dissecting import network
from archspec.report.architecture.drawing import draw
from archspec.report.architecture.parts import Box

PAGE = Page("/s/{study}/architecture", "Architecture", "Is the network what was meant?", place=70)

ALONE = "none"
"""What is asked for by whoever wants to see a network beside no other."""


def show(look: Look) -> dict[str, Any]:
    """The drawing, the costs of its parts, and its document."""
    plan, store = look.study.plan, look.site.store.path
    choices = networks(look.study)
    names = known(choices)
    chosen = look.query.one("arm", list(names), choices[0].options[0][0])
    against = plan.by_id[chosen].against if chosen in plan.by_id else ""
    beside = look.query.one("beside", [*names, ALONE], against)
    asked, other = subject(store, plan, chosen), subject(store, plan, beside).arch if beside in names else None
    shown: dict[str, Any] = {"choices": choices, "chosen": chosen, "beside": beside, "asked": asked}
    shown |= {
        "name": names[chosen],
        "other": names.get(beside, ""),
        "is_arm": chosen in look.study.table.by_id,
        "alone": ALONE,
    }
    if asked.arch is None:
        return {**shown, "network": None, "drawing": "", "marked": set()}
    found = network(asked.arch, other)
    marked = {box.line for box in found.boxes if box.was}
    kinds = network(other).kinds if other else ()
    return {**shown, "network": found, "drawing": draw(found, _line, kinds), "marked": marked}


def _line(box: Box) -> str:
    return f"#line-{box.line}" if box.line else ""
