"""How a study samples a space: objectives, constraints, sampler, pruner."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from archspec.errors import near
from archspec.spec.base import Spec
from archspec.spec.conditions import COSTS, Condition, asked, condition
from archspec.spec.naming import ArchNames, Paths, Texts
from archspec.spec.nodes import Node
from archspec.spec.pruners import NoPruner, Pruner
from archspec.spec.samplers import Sampler, Tpe
from archspec.spec.values import Between, Count, NonNegative, Number, OrNone

LEARNED = ("top1", "top5", "loss")
"""What a run measures on val after each epoch."""
TIMED = ("throughput", "peak_memory")
"""What a run shows about the machine: images a second in training, and MiB."""
CLOSED = ("params", "macs", "activations", "training_macs")
"""What is known of a candidate without a run."""
OBJECTIVES = (*LEARNED, *TIMED, *CLOSED)
MOST_RUNGS = 8
"""Cheaper trainings that a search may have."""

Rung = Annotated[dict[str, Any], Paths("recipe")]
"""What a cheaper training changes about the recipe."""


class Bounds(Spec):
    """Between what a cost must lie."""

    min: OrNone[Number] = Field(None, description="the least: 10M")
    max: OrNone[Number] = Field(None, description="the most: 30M")


class Final(Spec):
    """What is trained anew once the search has ended, and tested."""

    best: NonNegative = Field(3, description="how many of the best candidates; of several objectives, of the front")
    seeds: Count = Field(3, description="seeds that the search has not seen; the base is trained with them too")


class Search(Spec):
    """What is looked for in a space, and how."""

    objectives: dict[str, Literal["max", "min"]] = Field(
        {}, description="metrics of val, costs or proxies, each `max` or `min`"
    )
    constraints: dict[
        Literal["params", "macs", "activations", "grad_norm", "jacov", "naswot", "synflow", "zen"], Bounds
    ] = Field({}, description="bounds on costs and proxies; what lies outside is never trained")
    where: OrNone[Texts] = Field(None, description="what else is asked of a candidate: a condition, or a list of them")
    sampler: Sampler = Field(Tpe(), description="what proposes the next candidate")
    pruner: Pruner = Field(NoPruner(), description="what stops runs early")
    rungs: tuple[Rung, ...] = Field(
        (),
        max_length=MOST_RUNGS,
        description="cheaper trainings that come first, the cheapest one first: edits of the recipe, which is the last",
    )
    keep: Between = Field(0.25, description="the share of the candidates on a rung that goes on to the next")
    trials: Count = Field(100, description="candidates to train")
    seed: NonNegative = Field(0, description="what the sampler draws by; the study's `seeds` are those of the runs")
    begin: OrNone[ArchNames] = Field(
        None, description="archs of the space to begin with, and studies whose finished arms lie in it"
    )
    prune_on: OrNone[str] = Field(None, description="the metric that pruner or rungs read; `none`: the one objective")
    final: Final = Field(Final(), description="what is trained anew with fresh seeds, and tested")

    @property
    def measured(self) -> bool:
        """Whether candidates have to be trained."""
        return any(name in (*LEARNED, *TIMED) for name in self.objectives)

    @property
    def prunes(self) -> bool:
        """Whether candidates may be stopped early."""
        return self.pruner != NoPruner()

    @property
    def pruned_by(self) -> str:
        """The metric that the pruner reads, or by which candidates go from rung to rung."""
        return self.prune_on or next(iter(self.objectives), "")

    def best_is_more(self, metric: str) -> bool:
        """Whether more of a metric is better."""
        return self.objectives.get(metric, "min" if metric == "loss" else "max") == "max"


def conditions(search: Search, tree: Node) -> list[Condition]:
    """What a search asks of candidates: bounds on costs, and its `where`."""
    found = []
    for name, given in search.constraints.items():
        for bound, sign in (("min", ">="), ("max", "<=")) if name in COSTS else ():
            value = getattr(given, bound)
            if value is not None:
                found.append(condition(Node(f"{name} {sign} {value:.15g}", tree.mark_of(("constraints", name, bound)))))
    return [*found, *asked(tree.mapping.get("where"))]


FIXED = {
    "data": ("all rungs learn from the same data", "`fraction` takes a part of it"),
    "from": ("all rungs begin with the same weights", "say in the recipe where they come from"),
}
"""What no rung may change: the reason, and what to do instead."""

Wrong = Iterator[tuple[tuple[str, ...], str, str]]


def missed(search: Search, proxies: Mapping[str, float]) -> dict[str, float]:
    """The bounds that proxies lie outside of, and by which share of the bound."""
    found = {}
    for name in search.constraints.keys() & proxies.keys():
        given, value = search.constraints[name], proxies[name]
        for bound, sign in ((given.min, ">="), (given.max, "<=")):
            if bound is not None and (value < bound if sign == ">=" else value > bound):
                found[f"{name} {sign} {bound:.15g}"] = abs(value - bound) / max(abs(bound), 1e-9)
    return found


def complaints(search: Search, seeds: int, proxies: Collection[str]) -> Wrong:
    """What cannot go together in a search that can look at some proxies: where, why, and what to do."""
    yield from _objectives(search, (*OBJECTIVES, *proxies))
    yield from _bounds(search, (*COSTS, *proxies))
    yield from _rungs(search)
    if not search.prunes and not search.rungs:
        if search.prune_on is not None:
            yield ("prune_on",), "there is no pruner that could read it", "name a `pruner`, or leave it out"
        return
    reader, they = ("pruner", "a pruner reads") if search.prunes else ("rungs", "rungs read")
    if search.prune_on is None and len(search.objectives) > 1:
        hint = "name the metric: `prune_on: top1`"
        yield (reader,), f"{they} one metric, and there are several objectives", hint
    elif search.pruned_by not in LEARNED and (search.prunes or search.measured):
        where = "prune_on" if search.prune_on else reader
        yield (where,), f"`{search.pruned_by}` is not measured epoch by epoch", near(search.pruned_by, LEARNED)
    if search.pruner.over_seeds and seeds < 2:
        yield ("pruner",), "seeds can only be compared where there are several", "write `seeds: 5`, or another pruner"


def _objectives(search: Search, known: Collection[str]) -> Wrong:
    for name in search.objectives:
        if name not in known:
            yield ("objectives", name), f"there is no objective `{name}`", near(name, known)
    if len(search.objectives) > 1 and not search.sampler.several:
        yield ("sampler",), "this sampler looks for one objective, and there are several", "for example `tpe`, `nsga2`"


def _rungs(search: Search) -> Wrong:
    if search.rungs and search.prunes:
        message = "rungs and a pruner both give up candidates, and only one of them can decide"
        yield ("pruner",), message, "leave one of them out"
    if search.rungs and search.objectives and not search.measured:
        yield ("rungs",), "nothing is trained: all objectives are known without a run", "leave them out"
    for index, rung in enumerate(search.rungs):
        path = ("rungs", str(index))
        if not rung:
            yield path, "this rung edits nothing", "write what is cheaper: `epochs: 2`; the recipe itself is the last"
        for edit in rung:
            if edit in FIXED:
                yield (*path, edit), *FIXED[edit]


def _bounds(search: Search, known: Collection[str]) -> Wrong:
    for name, given in search.constraints.items():
        if name not in known:
            yield ("constraints", name), f"there is no cost and no proxy `{name}`", near(name, known)
        if given.min is not None and given.max is not None and given.min > given.max:
            yield ("constraints", name), f"no number is at least {given.min:,.15g} and at most {given.max:,.15g}", ""
