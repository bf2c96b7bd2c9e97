"""Two networks: what leads from one to the other, in parts and not in lines, and what it costs stage by stage."""

from __future__ import annotations

from typing import Any

from archspec.dashboard import comparing
from archspec.dashboard.asked import Asked, subject
from archspec.dashboard.choosing import known, networks
from archspec.dashboard.page import Look, Page
from archspec.report.architecture.dissecting import network
from archspec.report.architecture.drawing import draw
from archspec.studies.plan import Plan

PAGE = Page("/s/{study}/diff", "Diff", "What changed, and what does it cost?", place=75)


def show(look: Look) -> dict[str, Any]:
    """The changes, the costs on both sides, and both networks drawn."""
    plan, store = look.study.plan, look.site.store.path
    choices = networks(look.study)
    names = known(choices)
    second = look.query.one("b", list(names), _second(plan) or choices[0].options[0][0])
    first = look.query.one("a", list(names), _first(plan, second) or choices[0].options[0][0])
    before, after = subject(store, plan, first), subject(store, plan, second)
    shown: dict[str, Any] = {
        "choices": choices,
        "a": first,
        "b": second,
        "first": names[first],
        "second": names[second],
    }
    troubles = [(names[name], asked) for name, asked in ((first, before), (second, after)) if asked.arch is None]
    return {
        **shown,
        "troubles": troubles,
        "recipes": comparing.recipes(before.recipe, after.recipe),
        **_networks(before, after),
    }


def _networks(before: Asked, after: Asked) -> dict[str, Any]:
    if before.arch is None or after.arch is None:
        return {"equal": False, "changes": [], "sections": [], "costs": [], "drawings": []}
    sections, old = comparing.sections(before.arch, after.arch), network(before.arch)
    drawings = [draw(old), draw(network(after.arch, before.arch), kinds=old.kinds)]
    return {
        "equal": before.arch.digest == after.arch.digest,
        "changes": comparing.changes(before.arch, after.arch),
        "sections": sections,
        "costs": comparing.shown(sections),
        "drawings": drawings,
    }


def _second(plan: Plan) -> str:
    """The first arm that is compared with anything; empty where there is none."""
    return next((arm.id for arm in plan.tested if arm.against), "")


def _first(plan: Plan, second: str) -> str:
    """What an arm is compared with."""
    return plan.by_id[second].against if second in plan.by_id else ""
