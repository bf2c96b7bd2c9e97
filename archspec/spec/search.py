"""How a study samples a space: objectives, constraints, sampler, pruner."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from archspec.spec.base import Spec
from archspec.spec.values import Count, Number, OrNone


class Sampler(Spec, family="samplers"):
    """What proposes the next candidate."""


class Tpe(Sampler):
    """Tree-structured Parzen estimator: good candidates attract the next ones."""

    kind: Literal["tpe"] = "tpe"


class Random(Sampler):
    """Every candidate is drawn on its own."""

    kind: Literal["random"] = "random"


class Pruner(Spec, family="pruners"):
    """What stops runs that will not become good."""


class NoPruner(Pruner):
    """Every run is trained to its end."""

    kind: Literal["none"] = "none"


class Hyperband(Pruner):
    """Many short runs, of which ever fewer go on."""

    kind: Literal["hyperband"] = "hyperband"


class Median(Pruner):
    """A run stops where it is worse than the median of those before it."""

    kind: Literal["median"] = "median"


class Bounds(Spec):
    """Between what a cost must lie."""

    min: OrNone[Number] = Field(None, description="the least: 10M")
    max: OrNone[Number] = Field(None, description="the most: 30M")


class Search(Spec):
    """What is looked for in a space, and how."""

    objectives: dict[str, Literal["max", "min"]] = Field({}, description="metrics or costs, each `max` or `min`")
    constraints: dict[Literal["params", "macs"], Bounds] = Field(
        {}, description="bounds on costs; what lies outside is never trained"
    )
    sampler: Sampler = Field(Tpe(), description="what proposes the next candidate")
    pruner: Pruner = Field(NoPruner(), description="what stops runs early")
    trials: Count = Field(100, description="candidates to train")
    prune_on: OrNone[str] = Field(None, description="the metric the pruner reads; `none`: the first objective")
