"""Two networks beside each other: what leads from one to the other, and what that costs, stage by stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from archspec.dashboard.asked import differences
from archspec.report.wording import MINUS, short
from archspec.spec.arch import Arch
from archspec.spec.cost import Cost
from archspec.spec.diff import diff
from archspec.spec.writing import flow

COSTS = (("params", "params"), ("frozen_params", "frozen"), ("macs", "MACs"), ("activations", "activations"))


class Change(NamedTuple):
    """A path, and its values on both sides; empty where a side lacks it."""

    path: str
    before: str
    after: str

    @property
    def sort(self) -> str:
        """Whether something is there that was not, or is gone, or is another."""
        return "added" if not self.before else "removed" if not self.after else "changed"


class Pair(NamedTuple):
    """A number on both sides."""

    before: int | None
    after: int | None

    @property
    def change(self) -> str:
        """The difference: +166M, −433K; nothing where there is none."""
        by = (self.after or 0) - (self.before or 0)
        return "" if not by else f"+{short(by)}" if by > 0 else short(by).replace("-", MINUS)

    @property
    def share(self) -> str:
        """The difference as a share of what was there."""
        if not self.before or self.before == self.after:
            return ""
        return f"{((self.after or 0) - self.before) / self.before:+.1%}".replace("-", MINUS)


class Section(NamedTuple):
    """A part of both networks, or of one of them."""

    name: str
    shape: str
    """How large the map is, and how wide, on both sides where they differ."""
    pairs: dict[str, Pair]
    """Costs by name."""


def recipes(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Change]:
    """What differs between two recipes, where both are known."""
    if before is None or after is None:
        return []
    return [Change(*found) for found in differences(before, after)]


def changes(before: Arch, after: Arch) -> list[Change]:
    """What leads from one network to the other: parts, not lines."""
    return [Change(one.path, _value(one.before), _value(one.after)) for one in diff(before, after)]


def sections(before: Arch, after: Arch) -> list[Section]:
    """The costs of both networks, part by part, and at last of the whole."""
    sides = [{section.name: section for section in arch.layout.sections} for arch in (before, after)]
    stages = [name for name in dict.fromkeys([*sides[0], *sides[1]]) if name.startswith("stages.")]
    order = ["stem", *sorted(stages, key=lambda name: int(name.partition(".")[2])), "head"]
    found = []
    for name in order:
        costs = [side[name].cost if name in side else None for side in sides]
        places = [side[name].at if name in side else None for side in sides]
        shapes = [f"{at.grid[0]}×{at.grid[1]} × {at.dim}" if at and name != "head" else "" for at in places]
        shape = shapes[0] if shapes[0] == shapes[1] else " → ".join(one or "–" for one in shapes)
        found.append(Section(name.replace("stages.", "stage "), shape, _pairs(*costs)))
    return [*found, Section("total", "", _pairs(before.layout.cost, after.layout.cost))]


def shown(found: list[Section]) -> list[tuple[str, str]]:
    """The costs that there are, and their titles."""
    return [(name, title) for name, title in COSTS if any(any(section.pairs[name]) for section in found)]


def _pairs(before: Cost | None, after: Cost | None) -> dict[str, Pair]:
    return {name: Pair(before and getattr(before, name), after and getattr(after, name)) for name, _ in COSTS}


def _value(value: Any) -> str:
    return "" if value is None else flow(value)
