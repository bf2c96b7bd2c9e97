"""Whether every name in a study leads somewhere and every arm makes a network that works, in each of its profiles."""

from __future__ import annotations

from archspec.spec.checking_space import try_space
from archspec.spec.edits import Edit, places
from archspec.spec.findings import Findings
from archspec.spec.nodes import Node
from archspec.spec.reading import Document
from archspec.spec.space import SPACE
from archspec.spec.study import Factor, Study
from archspec.spec.studying import profiled, several, several_texts
from archspec.spec.variants import Names, Variant


def check_study(study: Study, document: Document, found: Findings) -> None:
    """Try a study as it stands, then as each of its profiles has it."""
    _Trial(study, document, found).run()
    for name in study.profiles:
        with found.collecting():
            _Trial(profiled(study, name), document, found).run()


class _Trial:
    """One study, tried arm by arm; what is wrong is collected."""

    def __init__(self, study: Study, document: Document, found: Findings) -> None:
        self.study, self.document, self.found = study, document, found
        self.names = Names(study, document)

    def run(self) -> None:
        """Try whatever the study is made of."""
        bases = self.bases(self.study.tree.mapping["baseline"], Node("none"))
        if self.study.space is not None:
            with self.found.collecting():
                space = SPACE.resolve(self.study.tree.mapping["space"], self.document)
                try_space(space, self.names.arch(space.tree.mapping["base"]), self.found)
        TRIALS[self.study.design](self, bases)

    def bases(self, archs: Node, recipe: Node) -> list[Variant]:
        """The archs that a value names, each with the recipe it is trained by."""
        variants = []
        trained = None
        with self.found.collecting():
            trained = self.names.recipe(recipe)
        for node in several(archs):
            with self.found.collecting():
                variants.append(Variant(self.names.arch(node), trained))
        return variants

    def one_factor(self, bases: list[Variant]) -> None:
        """Every arm on every base of its factor."""
        for name, factor in self.study.factors.items():
            written = self.study.tree.mapping["factors"].mapping[name]
            own = self.bases(written.mapping["on"] if factor.on else self.baseline, written.mapping["recipe"])
            for arm in written.mapping["arms"].mapping.values():
                for base in own if factor.on or factor.recipe else bases:
                    with self.found.collecting(_on(base, own)):
                        self.arm(base, arm, factor, written)

    @property
    def baseline(self) -> Node:
        """What the study compares with."""
        return self.study.tree.mapping["baseline"]

    def arm(self, base: Variant, arm: Node, factor: Factor, written: Node) -> Variant:
        """An arm on a base, and whether what is to be scaled in it is a number."""
        variant = self.names.changed(base, arm)
        for cost, path in factor.match.items():
            there = written.mapping["match"]
            edit = Edit(path, there.mapping[cost], there.mapping[cost].mark)
            for place in places(variant.arch.tree, edit):
                node = variant.arch.tree.find(place)
                if node is None or not isinstance(node.value, int | float) or isinstance(node.value, bool):
                    edit.fail("ARC203", f"`{'.'.join(place)}` is no number that could be scaled")
        return variant

    def factorial(self, bases: list[Variant]) -> None:
        """Every combination of arms, built up factor by factor."""
        for base in bases:
            self.combinations(base, list(self.study.factors), {})

    def combinations(self, variant: Variant, names: list[str], chosen: dict[str, str]) -> None:
        """Every combination of the arms of the factors that are left, on what those before have made."""
        if not names:
            return
        name, rest = names[0], names[1:]
        factor = self.study.factors[name]
        if any(chosen.get(other) not in several_texts(arms) for other, arms in factor.when.items()):
            self.combinations(variant, rest, chosen)
            return
        written = self.study.tree.mapping["factors"].mapping[name]
        for arm, node in written.mapping["arms"].mapping.items():
            with self.found.collecting(_with(chosen)):
                self.combinations(self.arm(variant, node, factor, written), rest, {**chosen, name: arm})

    def roadmap(self, bases: list[Variant]) -> None:
        """Every step on top of the one before."""
        for base in bases:
            self.steps(base, bases, "")

    def leave_one_out(self, bases: list[Variant]) -> None:
        """All steps, then all but each."""
        for base in bases:
            for left_out in ("", *self.study.steps):
                self.steps(base, bases, left_out)

    def steps(self, variant: Variant, bases: list[Variant], left_out: str) -> None:
        """The steps in order, one left out; what comes after a step that fails is not tried."""
        context = f"without `{left_out}`" if left_out else _on(variant, bases)
        with self.found.collecting(context):
            for name, step in self.study.tree.mapping["steps"].mapping.items():
                if name != left_out:
                    variant = self.names.changed(variant, step)


TRIALS = {
    "one_factor": _Trial.one_factor,
    "factorial": _Trial.factorial,
    "roadmap": _Trial.roadmap,
    "leave_one_out": _Trial.leave_one_out,
}


def _on(base: Variant, bases: list[Variant]) -> str:
    return f"on `{base.arch.arch}`" if len(bases) > 1 else ""


def _with(chosen: dict[str, str]) -> str:
    return "with " + ", ".join(f"{factor} `{arm}`" for factor, arm in chosen.items()) if chosen else ""
