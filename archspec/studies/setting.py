"""What a search is about: its space, its data, its rungs, and what tells it from other searches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from archspec.errors import Problem, SpecError
from archspec.spec.arch import Arch, tidy
from archspec.spec.candidates import Candidates, candidates_of
from archspec.spec.decisions import Choices
from archspec.spec.hashing import digest
from archspec.spec.measurements import Measurement
from archspec.spec.nodes import Node
from archspec.spec.reading import Document
from archspec.spec.recipe import phases_of
from archspec.spec.rows import Base
from archspec.spec.rungs import rungs_of
from archspec.spec.search import Search, conditions
from archspec.spec.space import SPACE, Space
from archspec.spec.study import Study
from archspec.spec.studying import several
from archspec.spec.variants import Names, Variant
from archspec.studies.climbing import Rungs
from archspec.studies.trying import briefly
from archspec.training.data.facts import Facts, facts
from archspec.training.fitting import fitted


@dataclass(frozen=True)
class Setting:
    """What a search is about."""

    study: Study
    document: Document
    profile: str
    seeds: tuple[int, ...]
    checking: bool = False
    source: str = ""
    """The path of the document as it was typed."""

    @property
    def search(self) -> Search:
        """How the space is searched."""
        return self.study.search

    @cached_property
    def names(self) -> Names:
        """What the study's names stand for."""
        return Names(self.study, self.document)

    @cached_property
    def space(self) -> Space:
        """What is searched."""
        return SPACE.resolve(self.study.tree.mapping["space"], self.document)

    @cached_property
    def data(self) -> Facts:
        """What candidates are trained on."""
        assert self.base.variant.recipe is not None
        return facts(self.base.variant.recipe.data)

    @cached_property
    def base(self) -> Base:
        """The base arch as it is trained, and how."""
        recipe = self.names.recipe(self.study.tree.mapping["recipe"])
        recipe = briefly(recipe) if self.checking else recipe
        arch = self.names.arch(self.space.tree.mapping["base"])
        data = facts(recipe.data)
        return Base(Variant(fitted(arch, recipe, data.classes, data.channels), recipe), 0)

    @cached_property
    def rungs(self) -> Rungs:
        """What candidates climb before they are trained by the recipe itself."""
        recipe = self.names.recipe(self.study.tree.mapping["recipe"])
        found = rungs_of(self.study.tree.mapping["search"], recipe)
        recipes = tuple(briefly(one) if self.checking else one for one in found)
        return Rungs(recipes, self.search.keep, self.search.best_is_more(self.search.pruned_by))

    @cached_property
    def candidates(self) -> Candidates:
        """What the base can become, and what is asked of it."""
        further = conditions(self.search, self.study.tree.mapping["search"])
        return replace(candidates_of(self.space, self.base.variant.arch, further), sizes=self.rungs.sizes)

    def arch(self, choices: Mapping[str, Any]) -> Arch:
        """A candidate as it is outside of the search: for the base's own images and classes."""
        return candidates_of(self.space, self.names.arch(self.space.tree.mapping["base"])).arch(choices)

    @cached_property
    def question(self) -> str:
        """What tells this search from others: with another space or aim it begins anew, with more trials it goes on."""
        search = self.study.tree.mapping["search"].without("trials", "final").plain()
        recipe = self.base.variant.recipe
        said = {
            "base": self.base.variant.arch.digest,
            "vary": self.space.tree.mapping["vary"].plain(),
            "search": search,
        }
        said |= {"where": [condition.text for condition in self.candidates.conditions], "seeds": list(self.seeds)}
        if self.proxies:
            said["proxies"] = {name: tidy(proxy.canonical()) for name, proxy in self.proxies.items()}
        said |= {"recipe": tidy(recipe.canonical()) if recipe else {}, "data": self.data.identity}
        return f"{self.document.name} {digest(said)[:8]}"

    @cached_property
    def proxies(self) -> dict[str, Measurement]:
        """What candidates are looked at by before they are trained."""
        return self.study.proxies

    @cached_property
    def measured(self) -> dict[str, Measurement]:
        """What those are measured by that are trained anew."""
        return {**self.proxies, **self.study.measure}

    @property
    def epochs(self) -> int:
        """How many epochs a candidate is trained for, at most."""
        recipe = self.base.variant.recipe
        return sum(phase.epochs or 1 for phase in phases_of(recipe)) if recipe else 1

    @property
    def begin(self) -> list[Node]:
        """The archs and studies that the search begins with, as they are written."""
        return several(self.study.tree.mapping["search"].mapping["begin"])

    def trained(self, arch: Arch) -> Arch:
        """An arch as it is trained here."""
        recipe = self.base.variant.recipe
        assert recipe is not None
        return fitted(arch, recipe, self.data.classes, self.data.channels)

    def choices_at(self, node: Node) -> Choices:
        """What an arch that the search begins with is made by; one that the space lacks is refused."""
        arch = self.trained(self.names.arch(node))
        choices = self.candidates.choices_of(arch)
        if choices is None:
            message, hint = f"`{arch.arch}` is not among the candidates", "widen what varies, or begin with another"
            raise SpecError(Problem("ARC401", message, hint, "search.begin", node.mark))
        return choices

    @property
    def fresh(self) -> tuple[int, ...]:
        """Seeds that no candidate was chosen by."""
        first = max(self.seeds) + 1
        return tuple(range(first, first + self.search.final.seeds)) if self.search.final.best else ()
