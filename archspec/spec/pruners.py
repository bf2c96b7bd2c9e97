"""What stops the runs of a search that will not become good."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from archspec.spec.base import Spec
from archspec.spec.values import Chance, Count, NonNegative


class Pruner(Spec, family="pruners"):
    """What stops runs that will not become good."""

    over_seeds: ClassVar[bool] = False
    """Whether it compares candidates seed by seed, rather than epoch by epoch."""


class NoPruner(Pruner):
    """Every run is trained to its end."""

    kind: Literal["none"] = "none"


class Median(Pruner):
    """A run stops where it is worse than the median of those before it."""

    kind: Literal["median"] = "median"
    startup: NonNegative = Field(5, description="trials that run to their end first")
    warmup: NonNegative = Field(0, description="epochs before which no run is stopped")


class SuccessiveHalving(Pruner):
    """At ever later epochs only the best share goes on."""

    kind: Literal["successive_halving"] = "successive_halving"
    first: Count = Field(1, description="the first epoch after which runs are stopped")
    factor: Count = Field(4, description="one of so many goes on, and the next look is after so many times the epochs")


class Hyperband(Pruner):
    """Several successive halvings, which differ in when they first look."""

    kind: Literal["hyperband"] = "hyperband"
    first: Count = Field(1, description="the first epoch after which runs are stopped")
    factor: Count = Field(3, description="one of so many goes on, and the next look is after so many times the epochs")


class Wilcoxon(Pruner):
    """Seeds run one after the other, and stop once the best candidate is better seed by seed: a race."""

    kind: Literal["wilcoxon"] = "wilcoxon"
    over_seeds: ClassVar[bool] = True
    p: Chance = Field(0.1, description="chance of being wrong at which a candidate is given up")
    startup: NonNegative = Field(2, description="seeds that every candidate gets")
