"""What proposes the candidates of a search."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from archspec.spec.base import Spec
from archspec.spec.values import Chance, Count, Flag, OrNone


class Sampler(Spec, family="samplers"):
    """What proposes the next candidate."""

    several: ClassVar[bool] = True
    """Whether it can look for several objectives at once."""
    steps: ClassVar[bool] = False
    """Whether it needs ranges to have steps."""
    heeds: ClassVar[bool] = True
    """Whether it proposes something else where its last proposal missed a constraint."""


class Tpe(Sampler):
    """Tree-structured Parzen estimator: good candidates attract the next ones."""

    kind: Literal["tpe"] = "tpe"
    startup: Count = Field(10, description="candidates drawn at random before it begins")
    multivariate: Flag = Field(True, description="whether decisions are weighed together")
    group: Flag = Field(True, description="whether decisions that depend on others are weighed in groups of their own")
    candidates: Count = Field(24, description="draws of which the most promising is taken")


class Random(Sampler):
    """Every candidate is drawn on its own."""

    kind: Literal["random"] = "random"


class Gp(Sampler):
    """A Gaussian process: for few trials that each cost much.

    It learns nothing from what misses a constraint; the next candidate is then drawn at random.
    """

    heeds: ClassVar[bool] = False
    kind: Literal["gp"] = "gp"
    startup: Count = Field(10, description="candidates drawn at random before it begins")


class CmaEs(Sampler):
    """Covariance matrix adaptation, for numbers; texts are drawn at random."""

    kind: Literal["cma_es"] = "cma_es"
    several: ClassVar[bool] = False
    startup: Count = Field(1, description="candidates drawn at random before it begins")
    population: OrNone[Count] = Field(None, description="candidates of a generation; `none`: by the decisions")
    margin: Flag = Field(True, description="whether whole numbers keep a least spread")


class Nsga(Sampler):
    """What both genetic samplers have."""

    population: Count = Field(50, description="candidates of a generation")
    crossover: Chance = Field(0.9, description="chance that a candidate has two parents")
    swapping: Chance = Field(0.5, description="chance of each decision to come from the other parent")
    mutation: OrNone[Chance] = Field(None, description="chance of each decision to be drawn anew; `none`: one of all")


class Nsga2(Nsga):
    """Generations: the fronts that dominate the others are parents of the next candidates."""

    kind: Literal["nsga2"] = "nsga2"


class Nsga3(Nsga):
    """The same, spread along reference directions: for more than three objectives."""

    kind: Literal["nsga3"] = "nsga3"


class Qmc(Sampler):
    """Points that fill the space evenly."""

    kind: Literal["qmc"] = "qmc"
    sequence: Literal["sobol", "halton"] = Field("sobol", description="which points")
    scramble: Flag = Field(True, description="whether the seed shifts them")


class BruteForce(Sampler):
    """Every candidate, one after the other."""

    kind: Literal["brute_force"] = "brute_force"
    steps: ClassVar[bool] = True


class Named(Sampler):
    """What samplers have that are known by the name of their class."""

    name: str = Field(description="the class: QMCSampler")
    options: dict[str, Any] = Field({}, description="what the class is called with; `seed` is added where it takes one")


class OptunaSampler(Named):
    """Any sampler of Optuna, by the name of its class."""

    kind: Literal["optuna"] = "optuna"


class OptunaHubSampler(Named):
    """A sampler that somebody has published on OptunaHub; needs the package `optunahub`."""

    kind: Literal["optunahub"] = "optunahub"
    package: str = Field(description="where it is kept: samplers/auto_sampler")
