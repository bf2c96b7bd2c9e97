"""The rows of a study's table: every baseline, and what each arm, combination or step makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from archspec.errors import Problem
from archspec.spec.findings import Findings
from archspec.spec.matching import matched
from archspec.spec.nodes import Node
from archspec.spec.reading import Document
from archspec.spec.study import Arm, Factor, Study
from archspec.spec.studying import several, several_texts
from archspec.spec.variants import Names, Variant

STEPS = "steps"
"""What the ordered changes of a roadmap are called where others have the name of a factor."""


@dataclass(frozen=True)
class Base:
    """What arms are compared with."""

    variant: Variant
    number: int
    """Which of several baselines it is; printed figures may come as a list of one for each."""
    own_recipe: bool = False
    """Whether it is trained otherwise than the study's baselines."""

    @property
    def name(self) -> str:
        """The arch's name."""
        return self.variant.arch.arch or f"baseline {self.number + 1}"


@dataclass(frozen=True)
class Row:
    """A network and its recipe, and how they came about."""

    base: Base
    variant: Variant
    factor: str = ""
    """The factor it is an arm of; factors joined, for a combination; nothing for a baseline."""
    name: str = ""
    levels: dict[str, str] = field(default_factory=dict)
    """Which arm it takes of each factor, or the steps it takes."""
    changes: dict[str, Any] = field(default_factory=dict)
    """Paths and values, as they were written."""
    table: str = ""
    paper: dict[str, float] = field(default_factory=dict)
    """What the paper prints, by metric."""
    against: str = ""
    """The row of the same base that it is compared with, where that is not the base itself."""


@dataclass
class Rows:
    """The rows of a study, worked out one after the other; what is wrong with any of them is collected."""

    study: Study
    document: Document
    found: Findings

    @cached_property
    def names(self) -> Names:
        """What the study's names stand for."""
        return Names(self.study, self.document)

    def __iter__(self) -> Iterator[Row]:
        for row in DESIGNS[self.study.design](self):
            arch, recipe = row.variant
            self.found.add(arch.untrainable(recipe) if recipe is not None else ())
            self.found.add(self.unmeasurable(row.variant))
            yield row

    def unmeasurable(self, variant: Variant) -> Iterator[Problem]:
        """Why what the study measures cannot be measured on a network, told where it is written."""
        for name, measurement in self.study.measure.items():
            for problem in measurement.problems(variant.shaped):
                path = ("measure", name, *problem.path.split("."))
                yield replace(problem, path=".".join(path)).at(self.study.tree.mark_of(path))

    def bases(self, archs: Node, recipe: Node) -> list[Base]:
        """The archs that a value names, each with the recipe it is trained by."""
        bases: list[Base] = []
        trained = None
        with self.found.collecting():
            trained = self.names.recipe(recipe)
        for number, node in enumerate(several(archs)):
            with self.found.collecting():
                bases.append(Base(Variant(self.names.arch(node), trained), number, recipe.value != "none"))
        return bases

    @cached_property
    def own(self) -> list[Base]:
        """The study's own baselines."""
        return self.bases(self.study.tree.mapping["baseline"], Node("none"))

    def baselines(self) -> Iterator[Row]:
        """A row for each of the study's own baselines."""
        yield from map(self.standing, self.own)

    def standing(self, base: Base) -> Row:
        """The row of a baseline; what the study does not say that the paper prints for it, its arch may."""
        said, (arch, recipe) = self.study.reference, (base.variant.arch, base.variant.recipe)
        printed = figures(said.baseline, base.number, said.metric) if base in self.own else {}
        own = arch.reference
        if not printed and own and recipe and own.paper == said.paper:
            there = own.of(recipe.resolution or arch.input.size, arch.input.size)
            printed = figures(getattr(there, said.metric, None), 0, said.metric)
        return Row(base, base.variant, name=base.name, paper=printed)

    def one_factor(self) -> Iterator[Row]:
        """The baselines, and every arm on every base of its factor."""
        yield from self.baselines()
        for name, factor in self.study.factors.items():
            written = self.study.tree.mapping["factors"].mapping[name]
            bases = self.own
            if factor.on or factor.recipe:
                on = written.mapping["on"] if factor.on else self.study.tree.mapping["baseline"]
                bases = self.bases(on, written.mapping["recipe"])
                yield from map(self.standing, bases)
            for arm, node in written.mapping["arms"].mapping.items():
                for base in bases:
                    with self.found.collecting(_on(base, bases)):
                        said = self._said(factor.arms[arm], node, base)
                        variant = self.arm(base.variant, base, node, factor, name)
                        yield Row(base, variant, name, arm, {name: arm}, table=factor.table or "", **said)

    def factorial(self) -> Iterator[Row]:
        """The baselines, and every combination of arms; of a fraction, those whose numbers add up to its multiples."""
        yield from self.baselines()
        for base in self.own:
            for row, place in self.combinations(Row(base, base.variant), list(self.study.factors), 0):
                if place % self.study.cut_into == 0:
                    yield row

    def combinations(self, row: Row, names: list[str], place: int) -> Iterator[tuple[Row, int]]:
        """Every combination of the arms of the factors that are left, on what those before have made."""
        if not names:
            title = ", ".join(row.levels.values())
            yield Row(row.base, row.variant, " × ".join(self.study.factors), title, row.levels, row.changes), place
            return
        name, rest = names[0], names[1:]
        factor = self.study.factors[name]
        if any(row.levels.get(other) not in several_texts(arms) for other, arms in factor.when.items()):
            yield from self.combinations(row, rest, place)
            return
        written = self.study.tree.mapping["factors"].mapping[name]
        for index, (arm, node) in enumerate(written.mapping["arms"].mapping.items()):
            with self.found.collecting(_with(row.levels)):
                variant = self.arm(row.variant, row.base, node, factor, name)
                changes = {**row.changes, **_changes(node)}
                next_row = Row(row.base, variant, levels={**row.levels, name: arm}, changes=changes)
                yield from self.combinations(next_row, rest, place + index)

    def roadmap(self) -> Iterator[Row]:
        """The baselines, and after each its steps, every one on top of those before."""
        for start in self.baselines():
            yield start
            with self.found.collecting(_on(start.base, self.own)):
                yield from self.steps(start)

    def leave_one_out(self) -> Iterator[Row]:
        """The baselines, and after each all steps at once and all but one of them, compared with all."""
        for start in self.baselines():
            yield start
            whole = None
            with self.found.collecting(_on(start.base, self.own)):
                *_, last = self.steps(start)
                whole = Row(last.base, last.variant, STEPS, "all", last.levels, last.changes)
                yield whole
            for left_out, arm in self.study.steps.items() if whole else ():
                with self.found.collecting(f"without `{left_out}`"):
                    *_, last = [start, *self.steps(start, left_out)]
                    printed = figures(arm.paper, start.base.number, self.study.reference.metric)
                    details: dict[str, Any] = {"levels": last.levels, "changes": last.changes, "paper": printed}
                    yield Row(last.base, last.variant, STEPS, f"without {left_out}", against="all", **details)

    def steps(self, row: Row, left_out: str = "") -> Iterator[Row]:
        """The steps in order, perhaps without one."""
        levels: dict[str, str] = {}
        for name, node in self.study.tree.mapping["steps"].mapping.items():
            if name == left_out:
                continue
            levels = {**levels, name: name}
            said = self._said(self.study.steps[name], node, row.base)
            row = Row(row.base, self.names.changed(row.variant, node), STEPS, name, levels, **said)
            yield row

    def arm(self, variant: Variant, base: Base, arm: Node, factor: Factor, name: str) -> Variant:
        """An arm on a variant, scaled until its cost is the base's where its factor asks for that."""
        changed = self.names.changed(variant, arm)
        if not factor.match:
            return changed
        there = self.study.tree.mapping["factors"].mapping[name].mapping["match"]
        return Variant(matched(changed.arch, base.variant.arch, there), changed.recipe)

    def _said(self, arm: Arm, node: Node, base: Base) -> dict[str, Any]:
        printed = figures(arm.paper, base.number, self.study.reference.metric)
        return {"changes": _changes(node), "paper": printed}


DESIGNS = {
    "one_factor": Rows.one_factor,
    "factorial": Rows.factorial,
    "roadmap": Rows.roadmap,
    "leave_one_out": Rows.leave_one_out,
}


def figures(printed: Any, number: int, metric: str) -> dict[str, float]:
    """What a paper prints for one of several baselines, by metric."""
    if isinstance(printed, tuple):
        printed = printed[number] if number < len(printed) else None
    by_metric = printed if isinstance(printed, dict) else {metric: printed}
    return {name: value for name, value in by_metric.items() if isinstance(value, int | float)}


def _changes(arm: Node) -> dict[str, Any]:
    """What an arm changes, as plain data: its paths, another arch, another recipe."""
    said = {name: node for name, node in arm.mapping.items() if name != "paper" and node.value != "none"}
    edits = {name for name in arm.mapping if name not in Arm.names}
    return {name: node.plain() for name, node in arm.mapping.items() if name in said or name in edits}


def _on(base: Base, bases: list[Base]) -> str:
    return f"on `{base.name}`" if len(bases) > 1 else ""


def _with(chosen: dict[str, str]) -> str:
    return "with " + ", ".join(f"{factor} `{arm}`" for factor, arm in chosen.items()) if chosen else ""
