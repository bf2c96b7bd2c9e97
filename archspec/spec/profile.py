"""What an arch costs, in closed form and without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from archspec.errors import SpecError
from archspec.spec.arch import Arch, Input, Stage
from archspec.spec.cost import Cost
from archspec.spec.layout import Layout, Section
from archspec.spec.nodes import node_of
from archspec.spec.wording import problems_of


@dataclass(frozen=True, slots=True)
class SectionProfile:
    """The stem, a stage or the head: its shape and its cost, part by part."""

    name: str
    dim: int
    depth: int
    grid: tuple[int, int]
    cost: Cost
    parts: dict[str, Cost]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        parts = {name: cost._asdict() for name, cost in self.parts.items()}
        shape = {"name": self.name, "dim": self.dim, "depth": self.depth, "grid": list(self.grid)}
        return {**shape, **self.cost._asdict(), "parts": parts}


@dataclass(frozen=True, slots=True)
class Profile:
    """The cost of one image through a network: trainable and frozen parameters, MACs, numbers kept for backward."""

    arch: str
    size: Any
    params: int
    frozen_params: int
    macs: int
    activations: int
    stages: tuple[SectionProfile, ...]
    """The stem, the stages and the head, in order; their costs add up to the whole."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as `archspec profile --json` prints it."""
        totals = {name: getattr(self, name) for name in Cost._fields}
        return {"arch": self.arch, "size": self.size, **totals, "stages": [stage.to_dict() for stage in self.stages]}


def profile(arch: Arch, size: Any = None) -> Profile:
    """The cost of an arch, at its own image size or run at another."""
    layout = arch.layout if size is None else laid_out_at(arch, size)
    sections = tuple(map(_section, layout.sections))
    shown = arch.input.size if size is None else size
    return Profile(arch.arch, shown, *layout.cost, sections)


def laid_out_at(arch: Arch, size: Any) -> Layout:
    """The same network run on images of another size; an error where a part of it cannot."""
    try:
        size = Input.model_validate({"size": size}).size
    except ValidationError as error:
        raise SpecError(problems_of(error, node_of({"size": size}))) from None
    layout = arch.laid_out(size)
    problems = [p.at(arch.tree.mark_of(tuple(p.path.split(".")))) for p in layout.problems()]
    if problems:
        raise SpecError(problems)
    return layout


def _section(section: Section) -> SectionProfile:
    depth = section.spec.depth if isinstance(section.spec, Stage) else 1
    return SectionProfile(section.name, section.at.dim, depth, section.at.grid, section.cost, dict(section.costs))
